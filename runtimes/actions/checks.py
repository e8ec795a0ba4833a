"""From the rules' answers to an action's refusals."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db.models import Model, ProtectedError

from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import Workspace
from mlops_console.statements import Statement
from runtimes.models.layered import Layered
from runtimes.rules.names import check_description, check_display_name, check_uid, new_uid

T = TypeVar("T")
_HOLDERS_READ: Final = 1_000
_HOLDERS_NAMED: Final = 20
_WORKSPACE: Final = Statement(
    lambda key: Workspace.objects.order_by().select_for_update(no_key=True).filter(pk=key).values_list("pk")
)


class Faults(dict[str, str]):
    """Collects the faults of several fields, so that all are told at once."""

    def check(self, field: str, rule: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """What the rule answers, or None after noting its ValueError at the field."""
        try:
            return rule(*args, **kwargs)
        except ValueError as fault:
            self[field] = str(fault)
            return None

    def raise_any(self) -> None:
        """Pass when nothing was noted, else raise Invalid."""
        if self:
            raise Invalid(self)


def checked_uid(faults: Faults, uid: str, prefix: str) -> str:
    """A given id after its check, or a fresh one."""
    if not uid:
        return new_uid(prefix, secrets.token_bytes(8))
    return faults.check("uid", check_uid, uid) or ""


def checked_names(faults: Faults, display_name: str, description: str) -> dict[str, str]:
    """Name and description, stripped."""
    return {
        "display_name": faults.check("display_name", check_display_name, display_name) or "",
        "description": faults.check("description", check_description, description) or "",
    }


def hold_workspace(workspace: Workspace) -> None:
    """Keep a workspace from being deleted until the transaction ends; raises Missing when it is gone already."""
    if not list(_WORKSPACE.rows(key=workspace.pk)):
        raise Missing(f"There is no workspace {workspace.uid} any more.")


def in_use(what: str, uid: str, fault: ProtectedError) -> Refused:
    """The refusal to delete what something else needs, named in words (R8)."""
    users = _users_of(fault)
    return Refused("in-use", f"The {what} {uid} is used by {', '.join(users)}.", {"used_by": users})


def _users_of(fault: ProtectedError) -> list[str]:
    """The first few of what holds a row, by resource name or, where it is but a part, by the `holder` it names."""
    keys: dict[type[Model], list[Any]] = {}
    for each in fault.protected_objects:
        keys.setdefault(type(each), []).append(each.pk)
    names: set[str] = set()
    for model, found in keys.items():
        rows = model._default_manager.filter(pk__in=found[:_HOLDERS_READ])
        names |= {_called(each) for each in rows.select_related(*getattr(model, "HELD_THROUGH", ("workspace",)))}
    return sorted(names)[:_HOLDERS_NAMED]


def _called(row: Model) -> str:
    return str(getattr(row, "holder", "") or getattr(row, "name", "") or row)


def refuse_managed(row: Layered, what: str) -> None:
    """Pass for rows that people manage; raises Refused for those of a values file (R7)."""
    if row.managed_by_bootstrap:
        sentence = f"This comes from values.yaml and cannot be {what} here; edit {row.values_key} there."
        raise Refused("managed-by-bootstrap", sentence)


def refuse_stale(row: Layered, expected_revision: int | None) -> None:
    """Pass when the row is as the caller last saw it; raises Refused with the revision it has now."""
    if expected_revision is not None and row.revision != expected_revision:
        raise Refused(
            "stale",
            "Somebody changed this while you were editing. Nothing was saved; compare and save again.",
            {"revision": row.revision},
        )
