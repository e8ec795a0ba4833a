"""What applying a values file would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from runtimes.bootstrap import (
    Action,
    Diff,
    Held,
    Key,
    Kind,
    Present,
    PresentImage,
    PresentRuntime,
    PresentVersion,
    Values,
    ValuesFaults,
    WantedImage,
    WantedRuntime,
    WantedVersion,
    reconcile,
)
from runtimes.rules.ceiling import Layers
from runtimes.rules.lifecycle import State
from runtimes.rules.runtime import RuntimeSpec

ACTIVE, DEPRECATED, DISABLED = State
REFERENCE: Final = "h2oai/h2o3mojo-scorer:1.5.4"
MOJO: Final = Key(Kind.IMAGE, "mojo")
VERSION: Final = Key(Kind.VERSION, "mojo", "v1.5.4")
RUNTIME: Final = Key(Kind.RUNTIME, "r")
REMOVED: Final = {"platform_state": "DISABLED", "platform_reason": "removed from values.yaml"}


def values(
    image: Mapping[str, Any] | None = None,
    version: Mapping[str, Any] | None = None,
    runtime: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Values:
    """A file with one image, one version and one runtime, differing as given."""
    wanted_version = WantedVersion(**{"version": "v1.5.4", "reference": REFERENCE} | dict(version or {}))
    wanted_image = {"uid": "mojo", "display_name": "MOJO", "versions": (wanted_version,)} | dict(image or {})
    fields = {"uid": "r", "model_type": "h2o3_mojo", "image": "mojo"} | dict(runtime or {})
    return Values(
        images=(WantedImage(**wanted_image),),
        runtimes=(WantedRuntime(**fields, spec=RuntimeSpec(**{"display_name": "R"} | spec)),),
        digest="",
    )


NOTHING: Final = Values(images=(), runtimes=(), digest="")


def applied(wanted: Values, before: Present = Present()) -> Present:  # noqa: B008 it is frozen
    """What is stored once a file was applied: what the action does, in short."""
    old_images = {image.uid: image for image in before.images}
    old_runtimes = {runtime.uid: runtime for runtime in before.runtimes}

    def platform(entry: Any, row: Any) -> dict[str, Any]:
        api = row.layers.api if row else ACTIVE
        return {"layers": Layers(api, entry.state), "platform_reason": entry.state_reason}

    def version(entry: WantedVersion, image: PresentImage | None) -> PresentVersion:
        row = next((each for each in image.versions if each.version == entry.version), None) if image else None
        return PresentVersion(
            version=entry.version,
            reference=entry.reference,
            architectures=entry.architectures,
            **platform(entry, row),
        )

    images = {
        entry.uid: PresentImage(
            uid=entry.uid,
            display_name=entry.display_name,
            versions=tuple(version(each, old_images.get(entry.uid)) for each in entry.versions),
            **platform(entry, old_images.get(entry.uid)),
        )
        for entry in wanted.images
    }
    runtimes = {
        entry.uid: PresentRuntime(
            uid=entry.uid,
            model_type=entry.model_type,
            image=entry.image,
            pinned_version=entry.pinned_version,
            spec=entry.spec,
            **platform(entry, old_runtimes.get(entry.uid)),
        )
        for entry in wanted.runtimes
    }
    return Present(images=tuple((old_images | images).values()), runtimes=tuple((old_runtimes | runtimes).values()))


def with_layers(present: Present, layers: Layers, reason: str = "") -> Present:
    """The same rows, all with these layers."""

    def changed(row: Any) -> Any:
        return replace(row, layers=layers, platform_reason=reason)

    images = [replace(changed(image), versions=tuple(map(changed, image.versions))) for image in present.images]
    return Present(images=tuple(images), runtimes=tuple(map(changed, present.runtimes)))


def told(diff: Diff) -> list[tuple[Action, str, dict[str, Any], dict[str, Any]]]:
    return [(change.action, str(change.key), change.before, change.after) for change in diff.changes]


def test_everything_is_created_images_first() -> None:
    wanted = values(
        version={"architectures": ("amd64",)},
        runtime={"pinned_version": "v1.5.4", "state": DEPRECATED, "state_reason": "old"},
        environment_variables={"A": "1", "API_TOKEN": "hunter2"},
    )
    diff = reconcile(Present(), wanted)
    fresh = {"platform_state": "ACTIVE", "platform_reason": ""}
    assert told(diff) == [
        (Action.CREATE, "runtimeImages.mojo", {}, {"display_name": "MOJO"} | fresh),
        (
            Action.CREATE,
            "runtimeImages.mojo.versions.v1.5.4",
            {},
            {"reference": REFERENCE, "architectures": ["amd64"]} | fresh,
        ),
        (
            Action.CREATE,
            "runtimes.r",
            {},
            {
                "model_type": "h2o3_mojo",
                "runtime_image": "mojo@v1.5.4",
                "display_name": "R",
                "environment_variables": {"A": "1", "API_TOKEN": "••••••••"},
                "platform_state": "DEPRECATED",
                "platform_reason": "old",
            },
        ),
    ]
    (image,) = wanted.images
    assert [change.wanted for change in diff.changes] == [image, *image.versions, *wanted.runtimes]
    assert (diff.held, diff.unchanged) == ((), 0)


@pytest.mark.parametrize("wanted", [values(), values(image={"state": DISABLED, "state_reason": "x"}), NOTHING])
def test_applying_twice_changes_nothing_more(wanted: Values) -> None:
    diff = reconcile(applied(wanted), wanted)
    assert (diff.changes, diff.held) == ((), ())
    assert diff.unchanged == 3 * len(wanted.images)


@pytest.mark.parametrize(
    ("wanted", "key", "before", "after"),
    [
        pytest.param(
            values(image={"display_name": "New"}),
            MOJO,
            {"display_name": "MOJO"},
            {"display_name": "New"},
            id="image",
        ),
        pytest.param(
            values(version={"architectures": ("arm64",)}),
            VERSION,
            {"architectures": []},
            {"architectures": ["arm64"]},
            id="architectures",
        ),
        pytest.param(
            values(version={"reference": f"mirror.example:5000/{REFERENCE}"}),
            VERSION,
            {"reference": REFERENCE},
            {"reference": f"mirror.example:5000/{REFERENCE}"},
            id="mirror",
        ),
        pytest.param(
            values(runtime={"pinned_version": "v1.5.4"}),
            RUNTIME,
            {"runtime_image": "mojo"},
            {"runtime_image": "mojo@v1.5.4"},
            id="pinned",
        ),
        pytest.param(values(volumes=[{"id": "a"}]), RUNTIME, {"volumes": []}, {"volumes": [{"id": "a"}]}, id="volumes"),
        pytest.param(
            values(environment_variables={"MY_KEY": "hunter2"}),
            RUNTIME,
            {"environment_variables": {}},
            {"environment_variables": {"MY_KEY": "••••••••"}},
            id="secret",
        ),
    ],
)
def test_only_what_differs_is_updated(wanted: Values, key: Key, before: dict[str, Any], after: dict[str, Any]) -> None:
    diff = reconcile(applied(values()), wanted)
    assert told(diff) == [(Action.UPDATE, str(key), before, after)]
    assert diff.changes[0].wanted is not None
    assert diff.unchanged == 2


def test_a_runtime_is_pointed_at_a_new_image() -> None:
    other = WantedImage(uid="other", display_name="Other")
    wanted = values(runtime={"image": "other"})
    diff = reconcile(applied(values()), replace(wanted, images=(*wanted.images, other)))
    assert [(change.action, str(change.key)) for change in diff.changes] == [
        (Action.CREATE, "runtimeImages.other"),
        (Action.UPDATE, "runtimes.r"),
    ]
    assert diff.changes[1].after == {"runtime_image": "other"}


@pytest.mark.parametrize(
    ("before", "after", "told_before", "told_after"),
    [
        (("ACTIVE", ""), ("DISABLED", "CVE"), ("ACTIVE", ""), ("DISABLED", "CVE")),
        (("DISABLED", "CVE"), ("ACTIVE", ""), ("DISABLED", "CVE"), ("ACTIVE", "")),
        (("DISABLED", "CVE"), ("DEPRECATED", "CVE"), ("DISABLED", None), ("DEPRECATED", None)),
        (("DISABLED", "CVE-1"), ("DISABLED", "CVE-2"), (None, "CVE-1"), (None, "CVE-2")),
    ],
)
def test_the_platforms_state(
    before: tuple[str, str], after: tuple[str, str], told_before: tuple[Any, Any], told_after: tuple[Any, Any]
) -> None:
    def fields(pair: tuple[Any, Any]) -> dict[str, Any]:
        names = ("platform_state", "platform_reason")
        return {name: each for name, each in zip(names, pair, strict=True) if each is not None}

    def said(pair: tuple[str, str]) -> Values:
        return values(runtime={"state": State(pair[0]), "state_reason": pair[1]})

    diff = reconcile(applied(said(before)), said(after))
    assert told(diff) == [(Action.STATE, "runtimes.r", fields(told_before), fields(told_after))]


def test_a_row_may_change_in_content_and_state() -> None:
    diff = reconcile(applied(values()), values(runtime={"state": DEPRECATED}, description="new"))
    assert [change.action for change in diff.changes] == [Action.UPDATE, Action.STATE]


def test_what_is_gone_is_disabled_once() -> None:
    present = applied(values())
    diff = reconcile(present, NOTHING)
    was = {"platform_state": "ACTIVE", "platform_reason": ""}
    assert told(diff) == [
        (Action.REMOVE, "runtimeImages.mojo", was, REMOVED),
        (Action.REMOVE, "runtimeImages.mojo.versions.v1.5.4", was, REMOVED),
        (Action.REMOVE, "runtimes.r", was, REMOVED),
    ]
    assert {change.wanted for change in diff.changes} == {None}
    gone = with_layers(present, Layers(ACTIVE, DISABLED), REMOVED["platform_reason"])
    assert reconcile(gone, NOTHING) == Diff(changes=(), held=(), unchanged=3)


def test_what_was_disabled_and_is_gone_has_another_reason() -> None:
    present = applied(values(runtime={"state": DISABLED, "state_reason": "CVE"}))
    diff = reconcile(present, replace(values(), runtimes=()))
    assert told(diff) == [
        (
            Action.REMOVE,
            "runtimes.r",
            {"platform_reason": "CVE"},
            {"platform_reason": "removed from values.yaml"},
        )
    ]


def test_one_version_is_gone() -> None:
    diff = reconcile(applied(values()), values(image={"versions": ()}))
    assert [(change.action, str(change.key)) for change in diff.changes] == [
        (Action.REMOVE, "runtimeImages.mojo.versions.v1.5.4")
    ]


def test_what_reappears_is_lifted() -> None:
    gone = with_layers(applied(values()), Layers(ACTIVE, DISABLED), REMOVED["platform_reason"])
    diff = reconcile(gone, values())
    assert [change.action for change in diff.changes] == [Action.STATE] * 3
    assert all(change.before == REMOVED for change in diff.changes)
    assert all(change.after == {"platform_state": "ACTIVE", "platform_reason": ""} for change in diff.changes)


@pytest.mark.parametrize("wanted", list(State))
@pytest.mark.parametrize("api", list(State))
def test_people_hold_what_they_restricted_further(api: State, wanted: State) -> None:
    present = with_layers(applied(values()), Layers(api, ACTIVE))
    diff = reconcile(present, values(runtime={"state": wanted}))
    expected = Held(key=RUNTIME, wanted=wanted, api=api)
    assert (expected in diff.held) == (api.severity > wanted.severity)
    # What people said stays as it is; only the platform's word follows the file.
    assert [change.after.get("platform_state") for change in diff.changes] == [wanted] * (wanted != ACTIVE)


def test_rows_of_people_are_left_alone() -> None:
    present = with_layers(applied(values()), Layers(DEPRECATED))
    assert reconcile(present, NOTHING) == Diff(changes=(), held=(), unchanged=0)


def people_manage(*kinds: str) -> Present:
    """Rows as of an applied file, those named being of people."""
    present = applied(values())
    (image,), (runtime,) = present.images, present.runtimes
    (version,) = image.versions
    theirs = Layers(ACTIVE)
    if "version" in kinds:
        image = replace(image, versions=(replace(version, layers=theirs),))
    if "image" in kinds:
        image = replace(image, layers=theirs)
    if "runtime" in kinds:
        runtime = replace(runtime, layers=theirs)
    return Present(images=(image,), runtimes=(runtime,))


@pytest.mark.parametrize(
    ("present", "wanted", "path", "message"),
    [
        pytest.param(people_manage("image"), values(), "runtimeImages.mojo", "People manage", id="image"),
        pytest.param(
            people_manage("version"),
            values(),
            "runtimeImages.mojo.versions.v1.5.4",
            "People manage",
            id="version",
        ),
        pytest.param(people_manage("runtime"), values(), "runtimes.r", "People manage", id="runtime"),
        pytest.param(
            applied(values()),
            values(runtime={"model_type": "x"}),
            "runtimes.r.modelType",
            "stays h2o3_mojo",
            id="model-type",
        ),
        *(
            pytest.param(
                applied(values()),
                values(version={"reference": reference}),
                "runtimeImages.mojo.versions.v1.5.4.image",
                "one image for ever",
                id=name,
            )
            for name, reference in {
                "tag": "h2oai/h2o3mojo-scorer:1.5.5",
                "repository": "h2oai/other:1.5.4",
                "digest": f"{REFERENCE}@sha256:{'a' * 64}",
            }.items()
        ),
    ],
)
def test_what_cannot_be_is_a_fault(present: Present, wanted: Values, path: str, message: str) -> None:
    with pytest.raises(ValuesFaults) as caught:
        reconcile(present, wanted)
    (fault,) = caught.value.faults
    assert fault.path == f"config.deployer.composition.{path}"
    assert message in fault.message


def test_all_rows_in_the_way_are_told() -> None:
    with pytest.raises(ValuesFaults) as caught:
        reconcile(people_manage("image", "version", "runtime"), values())
    assert [fault.path.removeprefix("config.deployer.composition.") for fault in caught.value.faults] == [
        "runtimeImages.mojo",
        "runtimeImages.mojo.versions.v1.5.4",
        "runtimes.r",
    ]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (values(), values(image={"state": DISABLED})),
        (values(environment_variables={"A": "1"}), values(environment_variables={"A": "2"})),
        (values(), values(image={"uid": "other"}, runtime={"image": "other"})),
        (NOTHING, values()),
    ],
)
def test_from_any_file_to_any_other(earlier: Values, later: Values) -> None:
    stored = applied(later, applied(earlier))
    assert {change.action for change in reconcile(stored, later).changes} <= {Action.REMOVE}
