"""Why a composition stays where it is: skipped because it should, or blocked because it cannot move (R5, R9)."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.planning.aims import Aim, Empty, Row, Unknown
from deployments.planning.snapshot import DeploymentFact, ImageFact
from deployments.planning.steps import Code, Verdict
from deployments.planning.targets import WILDCARD, Latest, Targets
from runtimes.rules.lifecycle import State
from runtimes.rules.names import quoted


def judged(deployment: DeploymentFact, row: Row) -> Verdict | Aim:
    """Why a composition stays where it is, of several causes the first one here, or where it goes.

    Skips come before all blocks: what is kept, or is there already, is in nobody's way. Of the blocks the widest
    comes first: whoever cured a narrow one would only meet the wide one behind it.
    """
    aim = row.aim
    if aim is None:
        return _not_selected(row)
    if isinstance(aim, Aim) and aim.version.name == row.before.name:
        return _already_there(row, aim)
    if held := _held(deployment) or _runtime_disabled(row):
        return held
    if isinstance(aim, Unknown):
        return Verdict(Code.UNKNOWN_VERSION, aim.why, f'Look the name up under "Runtime images", or {_other(row)}.')
    # Before its versions: one of a disabled image is of no use, whatever its own state.
    if aim.image.state is State.DISABLED:
        return _image_disabled(row, aim.image)
    if isinstance(aim, Empty):
        return _no_usable_version(row, aim)
    return _version_disabled(row, aim) if aim.version.state is State.DISABLED else aim


def _not_selected(row: Row) -> Verdict:
    name = row.composition.experiment_name
    why = f"No target was chosen for {name}" if row.target is None else f"{name} is to be kept as it is"
    return Verdict(
        Code.NOT_SELECTED,
        f"{why}, so it stays on {row.before.number}.",
        f'To move it, choose a target in "Target for {name}" or in "All other experiments".',
    )


def _already_there(row: Row, aim: Aim) -> Verdict:
    name = row.composition.experiment_name
    return Verdict(
        Code.ALREADY_ON_TARGET,
        f"{name} runs {aim.version.number} already. {aim.why}",
        f'Nothing is left to do. To move it elsewhere, choose that in "Target for {name}".',
    )


def _held(deployment: DeploymentFact) -> Verdict | None:
    """What keeps a whole deployment; a rollout first, for what was found out besides may not outlast it."""
    name = deployment.display_name
    if deployment.rollout_in_progress is not None:
        return Verdict(
            Code.ROLLOUT_IN_PROGRESS,
            f"The rollout {deployment.rollout_in_progress} of the deployment {name} has not ended.",
            'Wait until it has, or open it under "Rollouts" and press "Abort"; then preview again.',
        )
    if deployment.paused:
        return Verdict(
            Code.DEPLOYMENT_PAUSED,
            f"The deployment {name} is paused, so nothing in it can be started.",
            f'Press "Resume" on the page of the deployment {name}, then preview again.',
        )
    return None


def _runtime_disabled(row: Row) -> Verdict | None:
    if row.runtime.state is not State.DISABLED:
        return None
    name = row.runtime.display_name
    return Verdict(
        Code.RUNTIME_DISABLED,
        f"The runtime {name} is disabled: what runs on it keeps running, but is not moved.",
        f'Press "Enable" on the page of the runtime {name}, or choose "Keep current version".',
    )


def _image_disabled(row: Row, image: ImageFact) -> Verdict:
    name = image.display_name
    return Verdict(
        Code.IMAGE_DISABLED,
        f"The runtime image {name} is disabled, so nothing is moved to its versions.",
        f'Press "Enable" on the page of the runtime image {name}, or {_other(row)}.',
    )


def _no_usable_version(row: Row, aim: Empty) -> Verdict:
    page = f"the page of the runtime image {aim.image.display_name}"
    return Verdict(
        Code.NO_USABLE_VERSION,
        aim.why,
        f'Press "Add version" on {page}, or "Activate" at one that is there, or {_other(row)}.',
    )


def _version_disabled(row: Row, aim: Aim) -> Verdict:
    number, name = aim.version.number, aim.image.display_name
    pin = f" {aim.why}" if isinstance(row.target, Latest) else ""
    return Verdict(
        Code.VERSION_DISABLED,
        f"{number} of {name} is disabled, so nothing is moved to it.{pin}",
        f'Press "Activate" at {number} on the page of the runtime image {name}, or {_other(row)}.',
    )


def _other(row: Row) -> str:
    return f'choose another target in "Target for {row.composition.experiment_name}"'


def strangers(deployment: DeploymentFact, targets: Targets) -> Iterator[tuple[str, Verdict]]:
    """The experiments that are named but not there, by id.

    Even one to be kept is told: whoever misspells it would see the one that was meant move by the wildcard.
    """
    there = {composition.experiment_id for composition in deployment.compositions}
    for experiment_id in sorted(set(targets) - there - {WILDCARD}):
        yield (
            experiment_id,
            Verdict(
                Code.UNKNOWN_EXPERIMENT,
                f"The deployment {deployment.display_name} has no experiment {quoted(experiment_id)}.",
                f"Leave it out, or take an ID from the page of the deployment {deployment.display_name}.",
            ),
        )
