"""A small world to plan in: two images that runtimes use, one of another tenant, and a deployment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from deployments.planning import (
    CompositionFact,
    DeploymentFact,
    ImageFact,
    Plan,
    RuntimeFact,
    Step,
    Target,
    VersionFact,
    World,
    plan,
)
from runtimes.rules.lifecycle import State

ACTIVE, DEPRECATED, DISABLED = State
MOJO: Final = "workspaces/global/runtimeImages/mojo"
OTHER: Final = "workspaces/ml/runtimeImages/other"
FOREIGN: Final = "workspaces/sales/runtimeImages/foreign"
RUNTIME: Final = "workspaces/global/runtimes/mojo"
PINNED: Final = "workspaces/ml/runtimes/pinned"
DEPLOYMENT: Final = "workspaces/ml/deployments/d1"
DISPLAY_NAMES: Final = {MOJO: "MOJO Scorer", OTHER: "Other Scorer", FOREIGN: "Foreign Scorer"}


def version(image: str, number: str, **fields: Any) -> VersionFact:
    """A version of an image by its number, such as v1.5.4."""
    reference = f"h2oai/{image.rpartition('/')[2]}:{number[1:]}"
    return VersionFact(**{"name": f"{image}/versions/{number}", "number": number, "reference": reference} | fields)


def image(name: str, states: dict[str, State], **fields: Any) -> ImageFact:
    """An image with versions by number and state."""
    versions = tuple(version(name, number, state=state) for number, state in states.items())
    return ImageFact(**{"name": name, "display_name": DISPLAY_NAMES.get(name, name), "versions": versions} | fields)


def runtime(name: str = RUNTIME, **fields: Any) -> RuntimeFact:
    """A runtime on the MOJO image."""
    return RuntimeFact(**{"name": name, "display_name": "MOJO Runtime", "image": MOJO} | fields)


def composition(uid: str = "c1", runs: str = f"{MOJO}/versions/v1.5.0", **fields: Any) -> CompositionFact:
    """A composition of the experiment of the same number, on the MOJO runtime."""
    number = uid.removeprefix("c")
    named = {"experiment_id": f"e{number}", "experiment_name": f"Churn {number}", "runtime": RUNTIME}
    return CompositionFact(**{"uid": uid, "version": runs} | named | fields)


def deployment(*compositions: CompositionFact, **fields: Any) -> DeploymentFact:
    """A deployment of these compositions, or of the usual one."""
    facts = {"name": DEPLOYMENT, "display_name": "Churn", "revision": "7"}
    return DeploymentFact(**facts | {"compositions": compositions or (composition(),)} | fields)


def world(*, images: Iterable[ImageFact] = (), runtimes: Iterable[RuntimeFact] = ()) -> World:
    """The usual world, with rows put in the place of those of the same name or added to them."""
    usual = World.of(
        (
            image(MOJO, {"v1.6.0": ACTIVE, "v1.5.0": ACTIVE, "v1.4.0": ACTIVE, "v1.3.0": DISABLED}),
            image(OTHER, {"v2.0.0": ACTIVE, "v1.5.0": ACTIVE}),
            image(FOREIGN, {"v9.0.0": ACTIVE}),
        ),
        (runtime(), runtime(PINNED, display_name="Pinned Runtime", pinned=f"{MOJO}/versions/v1.5.0")),
    )
    return World(
        images={**usual.images, **{each.name: each for each in images}},
        runtimes={**usual.runtimes, **{each.name: each for each in runtimes}},
    )


def changed(base: World, name: str, **fields: Any) -> World:
    """A world in which one row has other fields: an image, a version or a runtime, by resource name."""
    if name in base.runtimes:
        return replace(base, runtimes={**base.runtimes, name: replace(base.runtimes[name], **fields)})
    if name in base.images:
        return replace(base, images={**base.images, name: replace(base.images[name], **fields)})
    family = base.images[name.rpartition("/versions/")[0]]
    assert name in {each.name for each in family.versions}
    versions = tuple(replace(each, **fields) if each.name == name else each for each in family.versions)
    return replace(base, images={**base.images, family.name: replace(family, versions=versions)})


def step_of(
    target: Target | None = None, *, runs: CompositionFact | None = None, at: World | None = None, **fields: Any
) -> Step:
    """What becomes of the only composition of a deployment with these fields."""
    targets = {} if target is None else {"e1": target}
    made = plan(deployment(runs or composition(), **fields), at or world(), targets)
    assert len(made.steps) == 1
    return made.steps[0]


def applied(before: DeploymentFact, made: Plan) -> DeploymentFact:
    """A deployment once a plan was carried out."""
    moved = {step.composition: step.after.name for step in made.changes if step.after}
    compositions = tuple(replace(each, version=moved.get(each.uid, each.version)) for each in before.compositions)
    return replace(before, compositions=compositions, revision=f"{before.revision}+1")
