"""A values file is brought into global, again and again, and people hold rows below it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mlops_console.actor import ActorKind, system
from mlops_console.errors import NotAllowed, Refused
from mlops_console.models import AuditEntry
from mlops_console.queries import scope_for
from runtimes.actions.bootstrap import apply_values
from runtimes.actions.states import change_runtime_state
from runtimes.bootstrap import Diff, ValuesFaults, read_values
from runtimes.models import BootstrapRun, ModelType, Runtime, RuntimeImage, Version
from runtimes.queries import find_image, find_runtime, held_rows, removed_rows
from runtimes.rules.lifecycle import StateVerb
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOOTSTRAP = system(ActorKind.BOOTSTRAP, "bootstrap")
CATALOGUE = Path("runtimes/demo/catalogue/values.yaml")

VALUES = """
config:
  deployer:
    composition:
      runtimeImages:
        mojo:
          displayName: MOJO
          versions:
            - image: {repository: h2oai/mojo, tag: 1.0.0}
            - image: {repository: h2oai/mojo, tag: 2.0.0}
      runtimes:
        mojo:
          displayName: MOJO runtime
          modelType: h2o3_mojo
          runtimeImage: mojo
          state: STATE
          stateReason: end of life
          environmentVariables: {API_TOKEN: sesame}
"""


def apply(text: str, **options: Any) -> Diff:
    return apply_values(
        actor=BOOTSTRAP,
        values=read_values(text),
        source="values.yaml",
        now=options.pop("now", NOW),
        **options,
    )


def values(state: str = "ACTIVE") -> str:
    return VALUES.replace("STATE", state)


def test_the_first_file_makes_everything_and_the_same_file_again_nothing(cast: Cast) -> None:
    assert len(apply(values()).changes) == 4
    runtime = find_runtime(scope_for(cast.actor("viewer"), "lab"), "mojo")
    assert (runtime.managed_by_bootstrap, runtime.state) == (True, "ACTIVE")
    assert find_image(scope_for(cast.actor("viewer"), "lab"), "mojo").current_version == "v2.0.0"
    entries = AuditEntry.objects.count()
    again = apply(values(), now=NOW + timedelta(hours=1))
    assert (again.changes, again.unchanged, AuditEntry.objects.count()) == ((), 4, entries)
    run = BootstrapRun.objects.get()
    assert (run.applied_at, run.seen_at) == (NOW, NOW + timedelta(hours=1))


def test_no_secret_reaches_the_audit_trail_or_the_page(cast: Cast) -> None:
    apply(values())
    assert "sesame" not in str(list(AuditEntry.objects.values()))
    assert "sesame" not in str(BootstrapRun.objects.get().changes)
    assert Runtime.objects.get().environment_variables == {"API_TOKEN": "sesame"}


def test_a_dry_run_tells_and_changes_nothing(cast: Cast) -> None:
    assert len(apply(values(), dry_run=True).changes) == 4
    assert not RuntimeImage.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_new_model_type_becomes_known(cast: Cast) -> None:
    apply(values().replace("h2o3_mojo", "brand/new"))
    assert ModelType.objects.filter(name="brand/new").exists()


def test_what_people_disabled_stays_disabled_and_is_reported_as_held(cast: Cast) -> None:
    apply(values())
    change_runtime_state(
        actor=cast.actor("admin"),
        workspace="global",
        uid="mojo",
        verb=StateVerb.DISABLE,
        reason="CVE",
        now=NOW,
    )
    diff = apply(values() + "\n# another digest")
    assert [str(held.key) for held in diff.held] == ["runtimes.mojo"]
    assert Runtime.objects.get().state == "DISABLED"
    assert [row.pk for row in held_rows()] == [Runtime.objects.get().pk]


def test_the_platform_lowers_a_row_and_people_cannot_lift_it(cast: Cast) -> None:
    apply(values())
    apply(values("DEPRECATED"))
    runtime = Runtime.objects.get()
    assert (runtime.state, runtime.state_reason) == ("DEPRECATED", "end of life")
    entry = AuditEntry.objects.filter(subject=runtime.name).first()
    assert entry is not None
    assert (entry.verb, entry.reason, entry.actor_kind) == ("deprecate", "end of life", "bootstrap")
    with pytest.raises(Refused, match="end of life"):
        change_runtime_state(actor=cast.actor("admin"), workspace="global", uid="mojo", verb=StateVerb.ENABLE, now=NOW)


def test_what_is_gone_is_disabled_never_deleted_and_comes_back(cast: Cast) -> None:
    apply(values())
    gone = apply("config: {deployer: {composition: {runtimeImages: {}, runtimes: {}}}}")
    assert len(gone.changes) == 4
    assert set(Runtime.objects.values_list("state", "platform_reason")) == {("DISABLED", "removed from values.yaml")}
    assert Version.objects.count() == 2
    assert len(list(removed_rows())) == 4
    apply(values())
    assert set(Version.objects.values_list("state", flat=True)) == {"ACTIVE"}


def test_only_the_bootstrap_repoints_a_runtime(cast: Cast) -> None:
    apply(values())
    other = values().replace("runtimeImage: mojo", "runtimeImage: mojo@1.0.0")
    (change,) = apply(other).changes
    assert (change.action, change.after) == ("update", {"runtime_image": "mojo@v1.0.0"})
    runtime = Runtime.objects.select_related("pinned_version").get()
    assert str(runtime.pinned_version) == "v1.0.0"


def test_an_id_that_people_use_refuses_the_whole_file(cast: Cast) -> None:
    make_runtime(make_image(cast.everyone, "theirs"), "mojo")
    with pytest.raises(ValuesFaults, match=r"config.deployer.composition.runtimes.mojo"):
        apply(values())
    assert RuntimeImage.objects.count() == 1


def test_members_do_not_apply_files(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        apply_values(actor=cast.actor("owner"), values=read_values(values()), source="x", now=NOW)


def test_the_shipped_catalogue_applies(cast: Cast) -> None:
    out = StringIO()
    call_command("bootstrap_runtimes", str(CATALOGUE), "--dry-run", stdout=out)
    assert not RuntimeImage.objects.exists()
    call_command("bootstrap_runtimes", str(CATALOGUE), stdout=out)
    assert {"DEPRECATED", "DISABLED"} <= set(Runtime.objects.values_list("platform_state", flat=True))
    assert RuntimeImage.objects.count() >= 10
    assert Version.objects.count() >= 35


def test_the_command_lists_every_fault_of_a_bad_file(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(values("SOMETIMES").replace("tag: 1.0.0", "tag: latest"))
    with pytest.raises(CommandError) as caught:
        call_command("bootstrap_runtimes", str(file))
    assert caught.value.returncode == 2
    assert "config.deployer.composition.runtimes.mojo.state" in str(caught.value)
    assert "config.deployer.composition.runtimeImages.mojo.versions" in str(caught.value)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("bootstrap_runtimes", str(tmp_path / "none.yaml"))
