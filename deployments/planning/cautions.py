"""What to know about a move before it is started; nothing here blocks it (R9)."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.planning.aims import Aim, Row
from deployments.planning.snapshot import VersionFact, World
from deployments.planning.steps import Caution, CautionCode, Kind
from runtimes.rules.lifecycle import State


def cautions(row: Row, kind: Kind, aim: Aim, world: World) -> Iterator[Caution]:
    """The warnings about moving a composition to the version of an aim."""
    before, after, image, runtime = row.before, aim.version, aim.image, row.runtime
    # The three that would block it, were they disabled (R5).
    states = (
        (after.number, after.state),
        (f"the runtime image {image.display_name}", image.state),
        (f"the runtime {runtime.display_name}", runtime.state),
    )
    if deprecated := [name for name, state in states if state is State.DEPRECATED]:
        sentence = f"Deprecated, that is usable but on the way out: {', '.join(deprecated)}."
        yield Caution(CautionCode.DEPRECATED_TARGET, sentence)
    if kind is Kind.ROLLBACK:
        yield Caution(CautionCode.DOWNGRADE, f"{after.number} is lower than {before.number}, which runs now.")
    if image.name != runtime.image:
        own = world.images[runtime.image].display_name
        sentence = f"{image.display_name} is not the image of the runtime {runtime.display_name}, which is {own}."
        yield Caution(CautionCode.IMAGE_NOT_OF_RUNTIME, sentence)
    if _narrower(before.architectures, after.architectures):
        sentence = f"{after.number} runs on {_listed(after)} only, {before.number} on {_listed(before)}."
        yield Caution(CautionCode.ARCHITECTURE_NARROWED, sentence)
    if before.probe_path != after.probe_path:
        sentence = (
            f"{after.number} is asked at {after.probe_path} whether it is ready, "
            f"{before.number} at {before.probe_path}."
        )
        yield Caution(CautionCode.PROBE_PATH_CHANGED, sentence)


def _narrower(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether the new version leaves out an architecture; one that names none runs on any."""
    return bool(after) and (not before or not set(before) <= set(after))


def _listed(version: VersionFact) -> str:
    return " and ".join(version.architectures) or "any architecture"
