"""Plans as JSON and back, and two plans side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from deployments.planning import (
    WILDCARD,
    Code,
    Difference,
    Keep,
    Latest,
    Plan,
    Step,
    Target,
    ToImage,
    ToVersion,
    differences,
    from_data,
    plan,
    to_data,
)
from tests.deployments.planning.worlds import (
    DEPRECATED,
    DISABLED,
    MOJO,
    OTHER,
    changed,
    composition,
    deployment,
    version,
    world,
)

V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in (4, 5, 6))
TARGETS: dict[str, Target] = {
    "e1": ToVersion(V14),
    "e2": ToImage(OTHER),
    "e3": Keep(),
    "nobody": Latest(),
    WILDCARD: Latest(),
}
FACT = deployment(composition("c1"), composition("c2"), composition("c3"), composition("c4", V16))
AT = changed(world(), V14, state=DEPRECATED, architectures=("amd64",), readiness_probe_path="/a")


def test_a_plan_is_stored_as_json_and_read_back() -> None:
    made = plan(FACT, AT, TARGETS)
    assert from_data(json.loads(json.dumps(to_data(made)))) == made


def test_how_a_plan_is_stored() -> None:
    data = to_data(plan(FACT, AT, TARGETS))
    fingerprint, versions = data.pop("fingerprint"), data.pop("versions")
    first, *others = data.pop("steps")
    assert len(fingerprint) == 64
    assert data == {
        "deployment": "workspaces/ml/deployments/d1",
        "targets": {
            "e1": f"version:{V14}",
            "e2": f"image:{OTHER}",
            "e3": "keep",
            "nobody": "latest",
            WILDCARD: "latest",
        },
    }
    assert [each.pop("code") for each in first["warnings"]] == [
        "deprecated-target",
        "downgrade",
        "architecture-narrowed",
        "probe-path-changed",
    ]
    assert all(list(each) == ["sentence"] for each in first.pop("warnings"))
    assert first == {
        "kind": "ROLLBACK",
        "composition": "c1",
        "experiment_id": "e1",
        "experiment_name": "Churn 1",
        "runtime": "workspaces/global/runtimes/mojo",
        "before": 0,
        "after": 1,
        "sentence": "v1.4.0 of MOJO Scorer was chosen.",
    }
    assert [each["name"] for each in versions[:2]] == [V15, V14]
    assert versions[1] == {
        "name": V14,
        "number": "v1.4.0",
        "reference": "h2oai/mojo:1.4.0",
        "state": "DEPRECATED",
        "readiness_probe_path": "/a",
        "architectures": ["amd64"],
    }
    assert [each.get("code") for each in others] == [None, "not-selected", "already-on-target", "unknown-experiment"]
    assert set(others[-1]) == {"kind", "experiment_id", "code", "sentence", "cure"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="nothing"),
        pytest.param(
            {"deployment": "d", "targets": {}, "versions": [], "steps": [{}], "fingerprint": ""}, id="an empty step"
        ),
        pytest.param(
            {"deployment": "d", "targets": {"e": "?"}, "versions": [], "steps": [], "fingerprint": ""}, id="no target"
        ),
    ],
)
def test_what_is_no_plan_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((LookupError, ValueError)):
        from_data(data)


def pairs(old: Plan, new: Plan) -> list[tuple[str, str]]:
    """Each difference as composition or experiment, and what became of it."""

    def told(step: Step | None) -> str:
        return "" if step is None else step.code or f"{step.kind} {step.after.number if step.after else ''}"

    found = differences(old, new)
    assert all(each.old != each.new for each in found)
    return [(told(each.old), told(each.new)) for each in found]


def test_a_plan_does_not_differ_from_itself() -> None:
    made = plan(FACT, AT, TARGETS)
    assert differences(made, made) == ()
    assert differences(made, from_data(to_data(made))) == ()


def test_rows_that_moved_stand_side_by_side() -> None:
    old = plan(FACT, AT, TARGETS)
    new = plan(FACT, changed(AT, V16, state=DISABLED), TARGETS)
    assert differences(old, new) == (Difference(old.steps[3], new.steps[3]),)
    assert pairs(old, new) == [(Code.ALREADY_ON_TARGET, "ROLLBACK v1.5.0")]


def test_rows_that_came_and_went_stand_alone_the_gone_ones_last() -> None:
    old = plan(FACT, AT, TARGETS)
    fact = replace(FACT, compositions=(composition("c9", V14), *FACT.compositions[1:]))
    new = plan(fact, AT, {"e2": ToImage(OTHER), "e3": Keep(), "somebody": Latest(), WILDCARD: Latest()})
    assert pairs(old, new) == [
        ("", "UPGRADE v1.6.0"),
        ("", Code.UNKNOWN_EXPERIMENT),
        ("ROLLBACK v1.4.0", ""),
        (Code.UNKNOWN_EXPERIMENT, ""),
    ]


def test_an_experiment_and_a_composition_of_one_id_are_two_rows() -> None:
    fact = deployment(composition("x", experiment_id="e1"))
    old, new = plan(fact, AT, {"x": Latest()}), plan(fact, AT, {})
    assert pairs(old, new) == [(Code.UNKNOWN_EXPERIMENT, "")]


def test_a_warning_more_and_a_moved_reference_are_differences() -> None:
    at = changed(AT, V16, state=DEPRECATED, reference="mirror/mojo:1.6.0")
    fact, targets = deployment(), {"e1": ToVersion(V16)}
    old, new = plan(fact, world(), targets), plan(fact, at, targets)
    assert [each.new for each in differences(old, new)] == [new.steps[0]]
    assert new.steps[0].warnings
    moved = changed(world(), V16, reference="mirror/mojo:1.6.0")
    assert len(differences(old, plan(fact, moved, targets))) == 1
    assert version(MOJO, "v1.6.0") == old.steps[0].after


def test_another_order_is_no_difference() -> None:
    turned = replace(FACT, compositions=FACT.compositions[::-1])
    assert differences(plan(FACT, AT, TARGETS), plan(turned, AT, TARGETS)) == ()
