"""What holds for every request."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/workspaces/", "/people/", "/workspaces/lab/audit/export.csv"])
def test_nobody_sees_anything_before_signing_in(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize(
    "path",
    [
        "/workspaces/%00/",
        "/workspaces/lab%00/runtimes/",
        "/workspaces/lab/members/%00/remove/",
        "/people/%00/",
        "/workspaces/?q=%00",
        "/workspaces/switch/?workspace=%00",
    ],
)
def test_an_address_with_a_nul_is_a_bad_request(cast: Cast, path: str) -> None:
    answer = cast.client("admin").get(path)
    assert answer.status_code == 400
    assert b"NUL" in answer.content


@pytest.mark.parametrize(("given", "kept"), [("abc-123_X", True), ("a b", False), ("x" * 65, False), ("", False)])
def test_a_well_formed_request_id_is_kept_and_echoed(cast: Cast, given: str, kept: bool) -> None:
    echoed = cast.client("viewer").get("/workspaces/", headers={"X-Request-Id": given})["X-Request-Id"]
    assert (echoed == given) is kept
    assert echoed


def test_caches_tell_pages_from_fragments(cast: Cast) -> None:
    assert "HX-Request" in cast.client("viewer").get("/workspaces/")["Vary"]
