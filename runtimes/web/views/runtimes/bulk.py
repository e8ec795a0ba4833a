"""One state verb for many runtimes: those selected, or all that match the filter."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_console.access import Right
from mlops_console.errors import Refused
from mlops_console.queries import Scope
from mlops_console.web.http import ConsoleRequest, enter
from runtimes import queries
from runtimes.actions import states
from runtimes.models import Runtime
from runtimes.rules.lifecycle import StateVerb
from runtimes.web.states import DONE, SHOWN, StateDialog, affected, answer, runtime_items
from runtimes.web.uses import uses_affected
from runtimes.web.views.runtimes.table import changeable_rows, narrowed

_VERBS: Final = {each.value: each for each in (StateVerb.DEPRECATE, StateVerb.DISABLE, StateVerb.ENABLE)}


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_bulk(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """Asks for a reason, saying how many runtimes change, and changes exactly those.

    The first POST comes from the table and changes nothing. The dialog it answers carries the choice and a digest
    of the chosen rows on, so that rows which came to match in between are not changed unseen.
    """
    scope = enter(request, workspace)
    if scope.workspace is not None:
        request.actor.require(Right.CHANGE_STATE, scope.workspace)
    changeable = changeable_rows(request.actor, scope) or scope
    chosen = request.POST
    filter_text = _without_page(chosen.get("filter", ""))
    back = reverse("runtimes:runtime-list", args=[workspace]) + (f"?{filter_text}" if filter_text else "")
    verb = _VERBS.get(chosen.get("verb", ""))
    if verb is None:
        return redirect(back)
    keys = _keys(changeable, matching="matching" in chosen, names=chosen.getlist("row"), filter_text=filter_text)
    if not keys:
        raise Refused("nothing-chosen", "No runtime was chosen. Go back and tick the rows to change.")
    states.refuse_too_many(keys)
    digest, seen = _digest(keys), chosen.get("digest", "")
    count = _runtimes(len(keys))
    moved = bool(seen) and seen != digest
    first = Runtime.objects.filter(pk__in=keys).select_related("workspace", "pinned_version")
    dialog = StateDialog(
        verb=verb,
        subject=count,
        back=back,
        affected=[
            affected("Runtimes", runtime_items(first.order_by("display_name", "pk")[:SHOWN]), len(keys)),
            *uses_affected(request.actor, workspace, Runtime.objects.filter(pk__in=keys)),
        ],
        warning=f"What you chose has changed since: it is {count} now. Look again before you confirm." if moved else "",
        hidden=[
            ("verb", verb.value),
            ("filter", filter_text),
            ("digest", digest),
            *([("matching", "1")] if "matching" in chosen else [("row", name) for name in chosen.getlist("row")]),
        ],
        done=lambda changed: _done(verb, changed, len(keys)),
    )
    return answer(
        request,
        dialog,
        lambda reason: states.change_runtime_states(
            actor=request.actor, keys=keys, verb=verb, reason=reason, now=timezone.now()
        ),
        submitted=bool(seen) and not moved,
    )


def _keys(scope: Scope, *, matching: bool, names: Sequence[str], filter_text: str) -> list[int]:
    """The keys of the chosen rows that lie in the scope; more than the most allowed are cut one above it."""
    rows = Runtime.objects.filter(scope.rows())
    if matching:
        _, narrow = narrowed(QueryDict(filter_text))
        rows = queries.runtimes_in(scope, narrow)
    else:
        rows = queries.named(rows, names)
    return sorted(rows.order_by().values_list("pk", flat=True)[: states.BULK_MAX + 1])


def _done(verb: StateVerb, changed: int, chosen: int) -> str:
    """What happened, in words: rows that were in the state already are not counted as changed."""
    sentence = f"{_runtimes(changed)} {DONE[verb]}"
    already = chosen - changed
    return f"{sentence}; {already:,} already {'was' if already == 1 else 'were'}." if already else f"{sentence}."


def _without_page(filter_text: str) -> str:
    """The query string of the table's first page: the page that was shown may be empty after the change."""
    query = QueryDict(filter_text, mutable=True)
    query.pop("page", None)
    return query.urlencode()


def _runtimes(count: int) -> str:
    return f"{count:,} runtime{'' if count == 1 else 's'}"


def _digest(keys: Sequence[int]) -> str:
    return sha256(",".join(map(str, keys)).encode()).hexdigest()
