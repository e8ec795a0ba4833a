"""People make, change and delete images and add versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry
from mlops_console.queries import scope_for
from runtimes.actions.images import add_version, create_image, delete_image, delete_version, update_image
from runtimes.models import RuntimeImage, Version
from runtimes.queries import find_image
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def create(cast: Cast, role: str = "operator", **fields: Any) -> RuntimeImage:
    given: dict[str, Any] = {"display_name": "H2O-3 MOJO", "workspace": cast.workspace} | fields
    return create_image(actor=cast.actor(role), now=NOW, **given)


def test_an_operator_creates_an_image_with_its_first_version(cast: Cast) -> None:
    image = create(cast, uid="mojo", reference="h2oai/h2o3mojo-scorer:1.5.4")
    found = find_image(scope_for(cast.actor("viewer"), "lab"), "mojo")
    assert (found.pk, found.current_version, found.current_reference) == (
        image.pk,
        "v1.5.4",
        "h2oai/h2o3mojo-scorer:1.5.4",
    )
    entries = list(AuditEntry.objects.values_list("actor", "verb", "subject", "workspace", "request_id"))
    assert entries == [
        ("operator", "create", "workspaces/lab/runtimeImages/mojo/versions/v1.5.4", "lab", "test"),
        ("operator", "create", "workspaces/lab/runtimeImages/mojo", "lab", "test"),
    ]


def test_an_image_without_an_id_gets_one(cast: Cast) -> None:
    assert create(cast).uid.startswith("ri-")


@pytest.mark.parametrize(
    ("role", "place", "error"),
    [
        ("viewer", "workspace", NotAllowed),
        ("stranger", "workspace", Missing),
        ("owner", "everyone", NotAllowed),
        ("operator", "other", Missing),
    ],
)
def test_others_may_not(cast: Cast, role: str, place: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        create(cast, role, workspace=getattr(cast, place))
    assert not RuntimeImage.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"display_name": " "}, {"display_name"}),
        ({"display_name": "a\x00b"}, {"display_name"}),
        ({"display_name": "x" * 201}, {"display_name"}),
        ({"uid": "Upper"}, {"uid"}),
        ({"uid": "a" * 64}, {"uid"}),
        (
            {"uid": "9lives", "display_name": "", "description": "\x07"},
            {"uid", "display_name", "description"},
        ),
        ({"reference": "h2oai/scorer:latest"}, {"reference"}),
        ({"reference": "h2oai/scorer:1.0.0", "version": "1.2"}, {"version"}),
        ({"reference": "H2OAI/Scorer:1.0.0"}, {"reference"}),
        ({"reference": "a b:1.0.0"}, {"reference"}),
    ],
)
def test_every_fault_is_told_at_its_field_and_nothing_is_stored(
    cast: Cast, fields: dict[str, str], named: set[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        create(cast, **fields)
    assert set(caught.value.fields) == named
    assert not RuntimeImage.objects.exists()


def test_an_id_is_taken_only_in_its_own_workspace(cast: Cast) -> None:
    make_image(cast.everyone, "mojo")
    create(cast, uid="mojo")
    with pytest.raises(Refused) as caught:
        create(cast, uid="mojo")
    assert caught.value.code == "taken"


@pytest.mark.parametrize(
    ("reference", "explicit", "version"),
    [
        ("h2oai/scorer:1.5.4", "", "v1.5.4"),
        ("h2oai/scorer:latest", "2.0.0", "v2.0.0"),
        ("host:5000/scorer", "v2.0.0-rc.1", "v2.0.0-rc.1"),
        (f"h2oai/scorer:3.1.0@sha256:{'0' * 64}", "", "v3.1.0"),
    ],
)
def test_versions_are_named_explicitly_or_by_tag(cast: Cast, reference: str, explicit: str, version: str) -> None:
    make_image(cast.workspace)
    added = add_version(
        actor=cast.actor("operator"),
        workspace="lab",
        image="h2o3-mojo",
        reference=reference,
        version=explicit,
        readiness_probe_path="/ready?deep=1",
        architectures=["arm64", "amd64"],
        now=NOW,
    )
    assert (added.version, added.reference) == (version, reference)
    assert added.architectures == ["amd64", "arm64"]
    with pytest.raises(Refused, match="already"):
        add_version(
            actor=cast.actor("operator"),
            workspace="lab",
            image="h2o3-mojo",
            reference=reference,
            version=version.removeprefix("v"),
            now=NOW,
        )


def test_the_current_version_is_the_highest_active_one(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.9.0 v1.10.0 v1.10.0-rc.1 v1.2.0")
    seen = [find_image(scope_for(cast.actor("viewer"), "lab"), image.uid).current_version]
    for version, state in (("v1.10.0", "DEPRECATED"), ("v1.9.0", "DISABLED"), ("v1.10.0-rc.1", "DISABLED")):
        Version.objects.filter(version=version).update(api_state=state)
        seen.append(find_image(scope_for(cast.actor("viewer"), "lab"), image.uid).current_version)
    Version.objects.filter(version="v1.2.0").update(api_state="DISABLED")
    seen.append(find_image(scope_for(cast.actor("viewer"), "lab"), image.uid).current_version)
    Version.objects.update(api_state="DISABLED")
    seen.append(find_image(scope_for(cast.actor("viewer"), "lab"), image.uid).current_version)
    assert seen == ["v1.10.0", "v1.10.0-rc.1", "v1.10.0-rc.1", "v1.2.0", "v1.10.0", ""]


def test_a_change_is_saved_once_and_a_stale_form_is_refused(cast: Cast) -> None:
    image = make_image(cast.workspace)

    def save(name: str, revision: int) -> RuntimeImage:
        return update_image(
            actor=cast.actor("operator"),
            workspace="lab",
            uid=image.uid,
            changes={"display_name": name},
            revision=revision,
            now=NOW,
        )

    assert save("Mojo", 1).revision == 2
    assert save("Mojo", 2).revision == 2, "nothing differs, so nothing is recorded"
    with pytest.raises(Refused) as caught:
        save("Other", 1)
    assert (caught.value.code, caught.value.data) == ("stale", {"revision": 2})
    assert [(each.before, each.after) for each in AuditEntry.objects.all()] == [
        ({"display_name": "H2o3 mojo"}, {"display_name": "Mojo"})
    ]


def test_only_admins_delete_and_only_what_is_not_used(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    runtime = make_runtime(image)
    with pytest.raises(NotAllowed):
        delete_image(actor=cast.actor("operator"), workspace="lab", uid=image.uid, now=NOW)
    with pytest.raises(Refused) as caught:
        delete_image(actor=cast.actor("owner"), workspace="lab", uid=image.uid, now=NOW)
    assert caught.value.data["used_by"] == ["workspaces/lab/runtimes/mojo"]
    runtime.delete()
    delete_image(actor=cast.actor("owner"), workspace="lab", uid=image.uid, now=NOW)
    assert not Version.objects.exists()


def test_what_a_values_file_manages_is_not_edited_here(cast: Cast) -> None:
    image = make_image(cast.everyone, platform_state="ACTIVE")
    admin = cast.actor("admin")
    key = f"config.deployer.composition.runtimeImages.{image.uid}"
    for attempt in (
        lambda: update_image(actor=admin, workspace="global", uid=image.uid, changes={}, now=NOW),
        lambda: delete_image(actor=admin, workspace="global", uid=image.uid, now=NOW),
        lambda: add_version(actor=admin, workspace="global", image=image.uid, reference="a/b:1.0.0", now=NOW),
    ):
        with pytest.raises(Refused, match=key):
            attempt()


def test_an_inherited_image_is_read_but_not_changed_by_members(cast: Cast) -> None:
    image = make_image(cast.everyone)
    found = find_image(scope_for(cast.actor("viewer"), "lab"), image.uid)
    assert found.name == f"workspaces/global/runtimeImages/{image.uid}"
    with pytest.raises(NotAllowed, match="global"):
        update_image(actor=cast.actor("owner"), workspace="lab", uid=image.uid, changes={}, now=NOW)


def test_a_version_is_deleted_unless_a_runtime_is_pinned_to_it(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0 v2.0.0")
    make_runtime(image, pinned_version=image.versions.get(version="v1.0.0"))

    def delete(role: str, version: str) -> None:
        delete_version(actor=cast.actor(role), workspace="lab", image=image.uid, version=version, now=NOW)

    with pytest.raises(NotAllowed):
        delete("operator", "v2.0.0")
    with pytest.raises(Refused) as caught:
        delete("owner", "1.0.0")
    assert caught.value.data["used_by"] == ["workspaces/lab/runtimes/mojo"]
    delete("owner", "v2.0.0")
    assert list(image.versions.values_list("version", flat=True)) == ["v1.0.0"]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("delete", f"{image.name}/versions/v2.0.0")


def test_an_image_goes_with_its_versions_and_each_leaves_an_entry(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0 v2.0.0")
    delete_image(actor=cast.actor("owner"), workspace="lab", uid=image.uid, now=NOW)
    assert sorted(AuditEntry.objects.values_list("subject_kind", flat=True)) == ["runtime image", "version", "version"]


def test_a_new_version_does_not_make_an_open_form_stale(cast: Cast) -> None:
    image = make_image(cast.workspace)
    actor = cast.actor("operator")
    add_version(actor=actor, workspace="lab", image=image.uid, reference="a/b:1.0.0", now=NOW)
    changes = {"display_name": "Renamed"}
    update_image(actor=actor, workspace="lab", uid=image.uid, changes=changes, revision=1, now=NOW)
