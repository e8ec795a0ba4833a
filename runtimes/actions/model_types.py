"""Extending the table of known model types."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from mlops_console import audit
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from runtimes.models import ModelType
from runtimes.rules.names import check_model_type


@transaction.atomic
def add_model_type(*, actor: Actor, name: str, now: datetime, display_name: str = "") -> ModelType:
    """Make a model type known; raises NotAllowed, Invalid, or Refused when it is known already."""
    actor.require_platform_admin("add model types")
    try:
        check_model_type(name.strip())
    except ValueError as fault:
        raise Invalid({"name": str(fault)}) from None
    title = display_name.strip() or name.strip()
    if len(title) > 200 or not title.isprintable():
        raise Invalid({"display_name": "Use up to 200 printable characters."})
    model_type, new = ModelType.objects.get_or_create(name=name.strip(), defaults={"display_name": title})
    if not new:
        raise Refused("taken", f"The model type {model_type} is known already.")
    subject = audit.Subject(audit.Kind.MODEL_TYPE, f"modelTypes/{model_type}")
    after = {"display_name": title}
    audit.record([audit.entry(actor=actor, verb=audit.Verb.CREATE, subject=subject, now=now, after=after)])
    return model_type


@transaction.atomic
def delete_model_type(*, actor: Actor, name: str, now: datetime) -> None:
    """Forget a model type; raises NotAllowed, Missing, or Refused while runtimes are of it."""
    actor.require_platform_admin("delete model types")
    model_type = ModelType.objects.select_for_update().filter(name=name).first()
    if model_type is None:
        raise Missing(f"There is no model type {name}.")
    before = {"display_name": model_type.display_name}
    try:
        model_type.delete()
    except ProtectedError as fault:
        raise Refused("in-use", f"{len(fault.protected_objects)} runtimes are of the model type {name}.") from None
    subject = audit.Subject(audit.Kind.MODEL_TYPE, f"modelTypes/{name}")
    audit.record([audit.entry(actor=actor, verb=audit.Verb.DELETE, subject=subject, now=now, before=before)])
