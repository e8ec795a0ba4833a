"""What somebody has changed behind the console's back: told, and undone only where a person asked for just that."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from deployments.engines.contract import Drift, Field, Seen, Wanted, Workload
from deployments.rollouts.advance import Happening
from deployments.rollouts.snapshot import Reapply, Snapshot

REAPPLY_WITHIN: Final = timedelta(minutes=2)
_TOLD_MAX: Final = 3


@dataclass(frozen=True)
class Drifted:
    """What a turn makes of drift: what differs, the wish that is left to undo it, and what there is to tell."""

    lines: tuple[Drift, ...] = ()
    reapply: Reapply | None = None
    happenings: tuple[Happening, ...] = ()


def drifted(snapshot: Snapshot, wanted: Wanted, seen: Seen, now: datetime) -> Drifted:
    """What differs from what is wanted by now, and whether it is to be undone: nothing that its wisher did not see."""
    lines = tuple(sorted((each for each in seen.drift if not _is_wanted(each, wanted)), key=_order))
    ask, told = snapshot.reapply, _told(snapshot.drift, lines)
    if ask is None:
        return Drifted(lines, None, told)
    if not seen.drift:
        done = Happening("reapplied", f"Everything is as the console wants it again, as {ask.by} asked.")
        return Drifted((), None, (done,))
    if not ask.lines.issuperset(map(mark_of, lines)):
        sentence = f"Nothing more is re-applied for {ask.by}, who saw something else: look at what differs now."
        return Drifted(lines, None, (*told, Happening("reapply-stopped", sentence)))
    # What was adopted only has to be taken note of by the engine, and there is no hurry about that.
    if lines and now - ask.at > REAPPLY_WITHIN:
        within = f"{REAPPLY_WITHIN.total_seconds() / 60:g} minutes"
        sentence = (
            f"What {ask.by} asked to be re-applied still differs after {within}: nothing could be written, or "
            "something in the cluster changes it back. Look into it, then ask again."
        )
        return Drifted(lines, None, (*told, Happening("reapply-stopped", sentence)))
    return Drifted(lines, ask, told)


def mark_of(line: Drift) -> str:
    """A mark that is another one as soon as anything of a line is."""
    return sha256(json.dumps(asdict(line), sort_keys=True).encode()).hexdigest()[:16]


def mark_of_all(lines: Collection[Drift]) -> str:
    """A mark of what differs as a whole, for somebody who decides about just that."""
    return sha256(" ".join(sorted(map(mark_of, lines))).encode()).hexdigest()[:16]


def to_data(lines: Sequence[Drift]) -> list[dict[str, str]]:
    """Lines as they are stored."""
    return [asdict(each) for each in lines]


def from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Drift, ...]:
    """Lines as `to_data` wrote them."""
    return tuple(Drift(**{**each, "field": Field(each["field"])}) for each in data)


def sentence_of(line: Drift) -> str:
    """What differs, for the time line; values other than an image or a number are left to the page."""
    by = f", by {line.by}" if line.by else ""
    if line.field is Field.OTHER:
        return f"{line.where}{by}"
    return f"{line.where} is {line.found or 'empty'} instead of {line.wanted or 'empty'}{by}"


def _told(before: tuple[Drift, ...], lines: tuple[Drift, ...]) -> tuple[Happening, ...]:
    if before == lines:
        return ()
    if not lines:
        return (Happening("drift-over", "Everything is as the console wants it again."),)
    compositions = {each.composition for each in lines}
    more = f"; and {len(lines) - _TOLD_MAX} more" if len(lines) > _TOLD_MAX else ""
    again = "Changed again" if before else "Changed"
    sentence = f"{again} outside of the console: {'; '.join(map(sentence_of, lines[:_TOLD_MAX]))}{more}."
    kind = "drift-changed" if before else "drifted"
    return (Happening(kind, sentence, compositions.pop() if len(compositions) == 1 else ""),)


def _is_wanted(line: Drift, wanted: Wanted) -> bool:
    """Whether a line has been overtaken: what was found is what is wanted by now, as after it was adopted."""
    going_to = {each.composition: each for each in wanted.workloads}.get(line.composition)
    return going_to is not None and line.found == _value(line.field, going_to)


def _value(field: Field, workload: Workload) -> str | None:
    match field:
        case Field.IMAGE:
            return workload.image
        case Field.REPLICAS:
            return str(workload.replicas)
        case Field.OTHER:
            return None


def _order(line: Drift) -> tuple[str, str, str]:
    return line.composition, line.where, line.field
