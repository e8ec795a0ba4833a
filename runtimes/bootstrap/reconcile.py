"""Wanted against present: what applying a values file would change, and what it may not (R6, R7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeAlias

from runtimes.bootstrap.faults import COMPOSITION, Faults, Path, dotted
from runtimes.bootstrap.items import (
    Present,
    PresentImage,
    PresentRuntime,
    PresentVersion,
    Values,
    WantedImage,
    WantedRuntime,
    WantedVersion,
)
from runtimes.rules.ceiling import platform_says
from runtimes.rules.environment import masked, masked_change
from runtimes.rules.lifecycle import State
from runtimes.rules.versions import parse_reference

_VARIABLES: Final = "environment_variables"
REMOVED_REASON: Final = "removed from values.yaml"

Wanted: TypeAlias = WantedImage | WantedVersion | WantedRuntime
Row: TypeAlias = PresentImage | PresentVersion | PresentRuntime


class Action(StrEnum):
    """What is done to a row; `remove` disables it, for nothing is ever deleted."""

    CREATE = "create"
    UPDATE = "update"
    STATE = "state"
    REMOVE = "remove"


class Kind(StrEnum):
    """What a row is."""

    IMAGE = "image"
    VERSION = "version"
    RUNTIME = "runtime"


@dataclass(frozen=True)
class Key:
    """Which row: `uid` is that of the runtime or image, `version` that of one of its versions."""

    kind: Kind
    uid: str
    version: str = ""

    @property
    def path(self) -> Path:
        """Where a values file has it, under `config.deployer.composition`."""
        match self.kind:
            case Kind.IMAGE:
                return ("runtimeImages", self.uid)
            case Kind.VERSION:
                return ("runtimeImages", self.uid, "versions", self.version)
            case Kind.RUNTIME:
                return ("runtimes", self.uid)

    def __str__(self) -> str:
        return dotted(self.path)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one row: the fields that differ, fit to be shown and logged, and the entry behind it."""

    action: Action
    key: Key
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any]
    wanted: Wanted | None = None


@dataclass(frozen=True, kw_only=True)
class Held:
    """A row that people hold below what the file wants, which lifts nothing."""

    key: Key
    wanted: State
    api: State


@dataclass(frozen=True, kw_only=True)
class Diff:
    """All changes in an order in which they can be made: images, versions, runtimes, then what is gone."""

    changes: tuple[Change, ...]
    held: tuple[Held, ...]
    unchanged: int


def reconcile(present: Present, wanted: Values) -> Diff:
    """What leads from present to wanted; raises ValuesFaults for entries that no stored row can become."""
    old: dict[Key, Row] = _keyed(present.images, present.runtimes)
    new: dict[Key, Wanted] = _keyed(wanted.images, wanted.runtimes)
    faults = Faults()
    changes: list[Change] = []
    held: list[Held] = []
    unchanged = 0
    for key, entry in new.items():
        row = old.get(key)
        if row is None:
            changes.append(_creation(key, entry))
            continue
        for part, fault in _refusals(row, entry):
            faults.add((*COMPOSITION, *key.path, *part), fault)
        layers, holds = platform_says(row.layers, entry.state)
        if holds:
            held.append(Held(key=key, wanted=entry.state, api=layers.api))
        found = [*_update(key, row, entry), *_state(key, row, entry.state, entry.state_reason, entry)]
        unchanged += not found
        changes += found
    for key, row in old.items():
        if key not in new and row.layers.platform is not None:
            found = _state(key, row, State.DISABLED, REMOVED_REASON, None)
            unchanged += not found
            changes += found
    faults.raise_any()
    return Diff(changes=tuple(changes), held=tuple(held), unchanged=unchanged)


def _keyed(images: Sequence[Any], runtimes: Sequence[Any]) -> dict[Key, Any]:
    """Every row or entry by its key, versions after all images."""
    return (
        {Key(Kind.IMAGE, image.uid): image for image in images}
        | {Key(Kind.VERSION, image.uid, version.version): version for image in images for version in image.versions}
        | {Key(Kind.RUNTIME, runtime.uid): runtime for runtime in runtimes}
    )


def _refusals(row: Row, entry: Wanted) -> Iterator[tuple[Path, str]]:
    """Why an entry cannot become what a stored row is, and where under its key."""
    if row.layers.platform is None:
        yield (), "People manage the one with this ID; delete theirs first, or use another ID."
    match row, entry:
        case PresentVersion(), WantedVersion() if row.reference != entry.reference:
            stored = parse_reference(row.reference)
            # The same image may move to a mirror; another image is another version.
            if replace(parse_reference(entry.reference), registry=stored.registry) != stored:
                yield ("image",), f"A version is one image for ever, this one {row.reference}; add another."
        case PresentRuntime(), WantedRuntime() if row.model_type != entry.model_type:
            yield (
                ("modelType",),
                f"The model type stays {row.model_type}; use another ID for {entry.model_type}.",
            )


def _creation(key: Key, entry: Wanted) -> Change:
    after = {name: value for name, value in entry.content().items() if value not in ("", None, [], {})}
    return Change(
        action=Action.CREATE,
        key=key,
        after=_masked(after) | _platform(entry.state, entry.state_reason),
        wanted=entry,
    )


def _update(key: Key, row: Row, entry: Wanted) -> list[Change]:
    old, new = row.content(), entry.content()
    before, after = _differing(old, new)
    if not after:
        return []
    if _VARIABLES in after:
        old_variables, new_variables = masked_change(before[_VARIABLES], after[_VARIABLES])
        before, after = before | {_VARIABLES: old_variables}, after | {_VARIABLES: new_variables}
    return [Change(action=Action.UPDATE, key=key, before=before, after=after, wanted=entry)]


def _state(key: Key, row: Row, state: State, reason: str, entry: Wanted | None) -> list[Change]:
    """The change of the platform's state or its reason; without an entry the row is gone from the file."""
    before, after = _differing(_platform(row.layers.platform, row.platform_reason), _platform(state, reason))
    if not after:
        return []
    action = Action.STATE if entry else Action.REMOVE
    return [Change(action=action, key=key, before=before, after=after, wanted=entry)]


def _platform(state: State | None, reason: str) -> dict[str, Any]:
    return {"platform_state": state and state.value, "platform_reason": reason}


def _differing(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = [name for name in new if old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}


def _masked(content: dict[str, Any]) -> dict[str, Any]:
    """The content with secret-looking environment variables masked."""
    return content | {_VARIABLES: masked(content[_VARIABLES])} if _VARIABLES in content else content
