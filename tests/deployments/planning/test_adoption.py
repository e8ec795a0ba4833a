"""What of drift can be kept: versions under the rules of an upgrade, replicas under those of the API, nothing else."""

from __future__ import annotations

from typing import Any, Final

import pytest

from deployments.engines.contract import Drift, Field
from deployments.planning.adoption import Choice, can_be_adopted, choices
from deployments.planning.snapshot import CompositionFact, World
from deployments.planning.steps import CautionCode
from tests.deployments.planning.worlds import (
    DEPRECATED,
    DISABLED,
    FOREIGN,
    MOJO,
    OTHER,
    RUNTIME,
    changed,
    composition,
    deployment,
    image,
    version,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))
TWIN: Final = "workspaces/ml/runtimeImages/twin"
SHARED: Final = "workspaces/global/runtimeImages/shared"
UNKNOWN: Final = "No runtime image that this deployment may use has a version with the reference "


def drift(field: Field, found: str, of: str = "c1") -> Drift:
    """A line that was found."""
    return Drift(of, field, f"{field} of {of}", "as written", found, "kubectl-edit")


def choice(field: Field, found: str, *, at: World | None = None, of: str = "c1", **fields: Any) -> Choice:
    """What may become of the only line."""
    (made,) = choices(deployment(**fields), at or world(), [drift(field, found, of)])
    return made


def holding(name: str, number: str, reference: str, **fields: Any) -> Any:
    """An image whose only version has a reference."""
    return image(name, {}, versions=(version(name, number, reference=reference),), **fields)


@pytest.mark.parametrize(
    ("found", "at", "expected"),
    [
        pytest.param("h2oai/mojo:1.6.0", world(), V16, id="higher"),
        pytest.param("h2oai/mojo:1.4.0", world(), V14, id="lower"),
        pytest.param("h2oai/other:2.0.0", world(), f"{OTHER}/versions/v2.0.0", id="another image of the workspace"),
        pytest.param("h2oai/mojo:1.6.0", changed(world(), V16, state=DEPRECATED), V16, id="deprecated"),
        pytest.param(
            "h2oai/mojo:1.6.0",
            world(images=[holding(TWIN, "v1.6.0", "h2oai/mojo:1.6.0")]),
            V16,
            id="of two, that of the image that runs",
        ),
        pytest.param(
            "h2oai/mojo:1.6.0",
            changed(world(images=[holding(TWIN, "v7.0.0", "h2oai/mojo:1.6.0")]), V16, state=DISABLED),
            f"{TWIN}/versions/v7.0.0",
            id="of two, that which may be used",
        ),
        pytest.param(
            "x:1",
            world(images=[holding(SHARED, "v1.0.0", "x:1"), holding(TWIN, "v1.0.0", "x:1")]),
            f"{TWIN}/versions/v1.0.0",
            id="of two, that of the workspace",
        ),
        pytest.param(
            "x:1",
            world(images=[image(TWIN, {}, versions=[version(TWIN, f"v1.{n}.0", reference="x:1") for n in (9, 10)])]),
            f"{TWIN}/versions/v1.10.0",
            id="of two, the higher",
        ),
    ],
)
def test_an_image_is_kept_as_the_version_of_its_reference(found: str, at: World, expected: str) -> None:
    made = choice(Field.IMAGE, found, at=at)
    assert made.can_be_kept, made.why_not
    assert made.version
    assert (made.version.name, made.replicas) == (expected, None)


@pytest.mark.parametrize(
    ("found", "at", "why", "cure"),
    [
        pytest.param(
            "nginx:1", world(), f"{UNKNOWN}nginx:1.", "add it as a version to a runtime image first", id="unknown"
        ),
        pytest.param("h2oai/foreign:9.0.0", world(), UNKNOWN, "add it as a version", id="of another tenant"),
        pytest.param("", world(), UNKNOWN, "add it as a version", id="none"),
        pytest.param("h2oai/mojo:1.3.0", world(), "v1.3.0 of MOJO Scorer is disabled", "be used again", id="version"),
        pytest.param(
            "h2oai/mojo:1.6.0",
            changed(world(), MOJO, state=DISABLED),
            "The runtime image MOJO Scorer is disabled",
            "be used again",
            id="image",
        ),
        pytest.param(
            "h2oai/mojo:1.6.0",
            changed(world(), RUNTIME, state=DISABLED),
            "The runtime MOJO Runtime is disabled",
            "be used again",
            id="runtime",
        ),
    ],
)
def test_an_image_that_may_not_be_used_is_not_kept(found: str, at: World, why: str, cure: str) -> None:
    made = choice(Field.IMAGE, found, at=at)
    assert not made.can_be_kept
    assert made.why_not.startswith(why)
    assert cure in made.cure
    assert 'press "Re-apply"' in made.cure
    assert made.version is None
    assert FOREIGN not in made.why_not


def test_what_is_to_know_of_an_upgrade_is_to_know_here() -> None:
    made = choice(Field.IMAGE, "h2oai/other:2.0.0", at=changed(world(), f"{OTHER}/versions/v2.0.0", state=DEPRECATED))
    assert [each.code for each in made.warnings] == [CautionCode.DEPRECATED_TARGET, CautionCode.IMAGE_NOT_OF_RUNTIME]
    assert [each.code for each in choice(Field.IMAGE, "h2oai/mojo:1.4.0").warnings] == [CautionCode.DOWNGRADE]


@pytest.mark.parametrize("fields", [{"paused": True}, {"rollout_in_progress": "#3"}])
def test_the_deployment_itself_is_the_callers_to_ask(fields: dict[str, Any]) -> None:
    assert choice(Field.IMAGE, "h2oai/mojo:1.6.0", **fields).can_be_kept


@pytest.mark.parametrize("found", ["1", "3", "100"])
def test_a_number_of_replicas_that_the_api_takes_is_kept(found: str) -> None:
    made = choice(Field.REPLICAS, found, at=changed(world(), RUNTIME, state=DISABLED))
    assert (made.replicas, made.why_not) == (int(found), "")


@pytest.mark.parametrize(
    ("found", "said"), [("0", "not 0"), ("101", "not 101"), ("", "not none"), ("-1", "not -1"), ("many", "not many")]
)
def test_another_number_is_not(found: str, said: str) -> None:
    made = choice(Field.REPLICAS, found)
    assert made.why_not == f"A composition has 1 to 100 replicas, {said}."
    assert 'press "Pause"' in made.cure


@pytest.mark.parametrize(
    ("field", "of"),
    [(Field.OTHER, "c1"), (Field.OTHER, ""), (Field.IMAGE, ""), (Field.REPLICAS, "c9")],
    ids=["something else", "of the whole deployment", "image of nothing", "replicas of what is not there"],
)
def test_anything_else_is_not_kept_and_says_what_helps(field: Field, of: str) -> None:
    made = choice(field, "2", of=of)
    assert "there is nowhere to keep it" in made.why_not
    assert 'press "Re-apply" to undo it' in made.cure


def test_each_line_is_judged_by_its_own_composition() -> None:
    pair = (composition("c1"), composition("c2", experiment_id="e1"))
    lines = [drift(Field.IMAGE, "h2oai/mojo:1.6.0", "c2"), drift(Field.REPLICAS, "2", "c1"), drift(Field.OTHER, "x")]
    made = choices(deployment(*pair), world(), lines)
    assert [each.line for each in made] == lines
    assert [_uid(each.composition) for each in made] == ["c2", "c1", "c1"]
    assert [each.can_be_kept for each in made] == [True, True, False]


def test_all_of_it_is_adopted_or_nothing() -> None:
    good, bad = choice(Field.REPLICAS, "2"), choice(Field.OTHER, "2")
    assert can_be_adopted([good, good])
    assert not can_be_adopted([good, bad])
    assert not can_be_adopted([])


def _uid(found: CompositionFact | None) -> str:
    return found.uid if found else ""
