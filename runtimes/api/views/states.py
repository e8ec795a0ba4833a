"""The state verbs by the API: one road for runtimes, images and versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from rest_framework.response import Response

from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.api.forms import Ask
from runtimes.actions.states import Row, preview
from runtimes.api.shapes import StateDryRun, StateInput
from runtimes.models import Runtime
from runtimes.rules.lifecycle import StateVerb

NAMED: Final = 100
STATE_VERBS: Final = {f":{verb}": Right.CHANGE_STATE for verb in ("deprecate", "disable", "enable")}
VERSION_VERBS: Final = {f":{verb}": Right.CHANGE_STATE for verb in ("activate", "deprecate", "disable")}


class StateView(ApiView):
    """What the views of the verbs share; `verb` is given by the address."""

    verb: StateVerb = StateVerb.DISABLE
    noun: ClassVar[str] = ""
    thing: ClassVar[str] = ""
    tag = "Runtimes"
    asks = (
        Ask("reason", "Up to 1,000 characters, for everyone who depends on it.", "text"),
        Ask("?dryRun", "Say what would change and whom it affects, and change nothing.", "tick"),
    )
    rights: ClassVar[Mapping[str, Right]] = {"POST": Right.CHANGE_STATE}

    @property
    def operations(self) -> dict[str, str]:
        """The operation id, such as deprecateRuntime."""
        return {"POST": f"{self.verb.value}{self.noun}"}

    @property
    def summary(self) -> str:
        """The operation in words."""
        return f"{self.verb.value.capitalize()} a {self.thing}."

    def reason(self) -> str:
        """Why, as the body says; `""` where it says nothing."""
        return str(self.body(StateInput).get("reason", ""))

    def dry_run(self, row: Row, runtimes: QuerySet[Runtime], **current: str) -> Response:
        """What the verb would do to a row and whom it affects; raises what the verb itself would raise."""
        decision = preview(actor=self.actor, row=row, verb=self.verb, reason=self.reason(), revision=self.revision())
        names = [each.name for each in runtimes.select_related("workspace")[:NAMED]]
        affected: dict[str, Any] = {"runtimes": names, "runtimeCount": runtimes.order_by().count(), **current}
        would = {
            "changed": decision.changes,
            "stateBefore": row.state,
            "stateAfter": decision.layers.effective.value,
            "affected": affected,
        }
        return self.answer({"dryRun": StateDryRun(would).data})
