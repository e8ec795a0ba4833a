"""Platform admins see what the values file did, and what differs from it."""

from __future__ import annotations

import pytest

from runtimes.actions.states import change_runtime_state
from runtimes.rules.lifecycle import StateVerb
from tests.cast import Cast
from tests.runtimes.actions.test_bootstrap import NOW, apply, values

pytestmark = pytest.mark.django_db


def test_without_a_file_it_says_how_to_apply_one(cast: Cast) -> None:
    page = cast.client("admin").get("/bootstrap/").content.decode()
    assert "RUNTIMES_VALUES" in page


def test_it_shows_digest_changes_held_and_removed_rows_and_no_secret(cast: Cast) -> None:
    apply(values())
    change_runtime_state(
        actor=cast.actor("admin"), workspace="global", uid="mojo", verb=StateVerb.DISABLE, reason="CVE", now=NOW
    )
    page = cast.client("admin").get("/bootstrap/")
    assert page.context["run"].digest in page.content.decode()
    assert [row.uid for row in page.context["held"]] == ["mojo"]
    assert "runtimeImages.mojo.versions.v1.0.0" in page.content.decode()
    assert "sesame" not in page.content.decode()
    apply("config: {deployer: {composition: {runtimeImages: {}, runtimes: {}}}}")
    page = cast.client("admin").get("/bootstrap/")
    assert len(page.context["removed"]) == 4
    assert len(page.context["earlier"]) == 1
