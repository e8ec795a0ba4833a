"""People deprecate, disable and enable, under the platform's ceiling and in bulk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry
from runtimes.actions.states import (
    change_image_state,
    change_runtime_state,
    change_runtime_states,
    change_version_state,
)
from runtimes.models import Runtime
from runtimes.rules.lifecycle import StateVerb
from tests.cast import Cast, make_cast
from tests.factories import make_image, make_runtime

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def change(cast: Cast, verb: StateVerb, role: str = "operator", workspace: str = "lab", reason: str = "CVE") -> Runtime:
    return change_runtime_state(
        actor=cast.actor(role), workspace=workspace, uid="mojo", verb=verb, reason=reason, now=NOW
    )


@pytest.mark.django_db
def test_a_state_change_records_who_when_and_why(cast: Cast) -> None:
    make_runtime(make_image(cast.workspace))
    runtime = change(cast, StateVerb.DEPRECATE, reason=" CVE-2026-1 ")
    assert (runtime.state, runtime.state_reason, runtime.state_at) == ("DEPRECATED", "CVE-2026-1", NOW)
    assert runtime.api_state_by == "operator"
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.reason, entry.after["state"]) == ("deprecate", "CVE-2026-1", "DEPRECATED")
    again = change(cast, StateVerb.DEPRECATE, reason="again")
    assert (again.state_reason, again.revision, AuditEntry.objects.count()) == ("CVE-2026-1", 2, 1)
    enabled = change(cast, StateVerb.ENABLE, reason="fixed")
    assert (enabled.state, enabled.state_reason) == ("ACTIVE", "")


@pytest.mark.django_db
@pytest.mark.parametrize("platform", ["ACTIVE", None])
@pytest.mark.parametrize("verb", StateVerb)
def test_what_a_change_answers_is_what_is_stored(cast: Cast, verb: StateVerb, platform: str | None) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    runtime = make_runtime(image, api_state="DEPRECATED", platform_state=platform, pinned_version=image.versions.get())
    answered = change(cast, verb)
    stored = Runtime.objects.get(pk=runtime.pk)
    fields = [field.attname for field in Runtime._meta.concrete_fields]
    assert [getattr(answered, field) for field in fields] == [getattr(stored, field) for field in fields]
    assert answered.runtime_image_name == stored.runtime_image_name


@pytest.mark.django_db
@pytest.mark.parametrize(("reason", "shown"), [("", "end of life"), ("ours too", "ours too")], ids=["silent", "told"])
def test_where_both_layers_hold_a_row_people_speak_before_the_values_file(cast: Cast, reason: str, shown: str) -> None:
    make_runtime(make_image(cast.workspace), platform_state="DEPRECATED", platform_reason="end of life")
    change(cast, StateVerb.DISABLE)
    assert change(cast, StateVerb.DEPRECATE, reason=reason).state_reason == shown


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [" ", "x" * 1001, "a\x00b"])
def test_a_reason_that_says_nothing_is_refused(cast: Cast, reason: str) -> None:
    make_runtime(make_image(cast.workspace))
    with pytest.raises(Invalid) as caught:
        change(cast, StateVerb.DISABLE, reason=reason)
    assert set(caught.value.fields) == {"reason"}
    assert Runtime.objects.get().state == "ACTIVE"


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "error"), [("viewer", NotAllowed), ("stranger", Missing)])
def test_others_may_not(cast: Cast, role: str, error: type[Exception]) -> None:
    make_runtime(make_image(cast.workspace))
    with pytest.raises(error):
        change(cast, StateVerb.DISABLE, role)


@pytest.mark.django_db
def test_the_ceiling_names_its_reason_and_where_to_edit_it(cast: Cast) -> None:
    make_runtime(make_image(cast.everyone), platform_state="DEPRECATED", platform_reason="end of life in May")
    with pytest.raises(Refused) as caught:
        change(cast, StateVerb.ENABLE, "admin", "global")
    assert caught.value.code == "ceiling"
    for part in ("DEPRECATED", "end of life in May", "config.deployer.composition.runtimes.mojo.state"):
        assert part in caught.value.message
    assert change(cast, StateVerb.DISABLE, "admin", "global").state == "DISABLED"
    assert change(cast, StateVerb.DEPRECATE, "admin", "global").state == "DEPRECATED"


@pytest.mark.django_db
def test_images_and_versions_move_too(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    actor = cast.actor("operator")
    moved = change_image_state(actor=actor, workspace="lab", uid=image.uid, verb=StateVerb.DISABLE, reason="x", now=NOW)
    version = change_version_state(
        actor=actor, workspace="lab", image=image.uid, version="1.0.0", verb=StateVerb.DEPRECATE, now=NOW
    )
    assert (moved.state, version.state) == ("DISABLED", "DEPRECATED")


@pytest.mark.django_db
def test_bulk_changes_all_with_one_audit_row_each_and_leaves_out_what_is_there_already(cast: Cast) -> None:
    image = make_image(cast.workspace)
    rows = [make_runtime(image, f"r{number}") for number in range(5)]
    Runtime.objects.filter(pk=rows[0].pk).update(api_state="DISABLED")
    changed = change_runtime_states(
        actor=cast.actor("operator"),
        keys=[row.pk for row in rows],
        verb=StateVerb.DISABLE,
        reason="CVE",
        now=NOW,
    )
    assert changed == 4
    assert set(Runtime.objects.values_list("state", flat=True)) == {"DISABLED"}
    assert AuditEntry.objects.filter(verb="disable", reason="CVE").count() == 4


@pytest.mark.django_db
def test_bulk_is_all_or_nothing_and_lists_every_refusal(cast: Cast) -> None:
    image = make_image(cast.everyone)
    free = make_runtime(image, "free", api_state="DISABLED")
    held = [make_runtime(image, f"held{number}", platform_state="DISABLED") for number in range(2)]
    with pytest.raises(Refused) as caught:
        change_runtime_states(
            actor=cast.actor("admin"),
            keys=[free.pk, *(row.pk for row in held)],
            verb=StateVerb.ENABLE,
            reason="x",
            now=NOW,
        )
    assert set(caught.value.data["rows"]) == {row.name for row in held}
    free.refresh_from_db()
    assert free.state == "DISABLED"
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_bulk_does_not_reach_into_other_workspaces_or_past_what_is_gone(cast: Cast) -> None:
    mine, theirs = make_runtime(make_image(cast.workspace)), make_runtime(make_image(cast.other))
    with pytest.raises(Missing):
        change_runtime_states(actor=cast.actor("operator"), keys=[mine.pk, theirs.pk], verb=StateVerb.DISABLE, now=NOW)
    with pytest.raises(Missing):
        change_runtime_states(actor=cast.actor("operator"), keys=[mine.pk, 10**9], verb=StateVerb.DISABLE, now=NOW)
    assert set(Runtime.objects.values_list("state", flat=True)) == {"ACTIVE"}


@pytest.mark.django_db(transaction=True)
def test_two_people_changing_one_row_at_once_each_leave_their_own_entry() -> None:
    cast = make_cast()
    make_runtime(make_image(cast.workspace))
    together = Barrier(2)

    def press(verb: StateVerb) -> None:
        try:
            together.wait(10)
            change(cast, verb, reason=verb.value)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, (StateVerb.DEPRECATE, StateVerb.DISABLE)))
    first, second = AuditEntry.objects.order_by("pk")
    assert first.before["state"] == "ACTIVE"
    assert second.before["state"] == first.after["state"], "the second saw what the first had done"
    runtime = Runtime.objects.get()
    assert (runtime.state, runtime.revision) == (second.after["state"], 3)
