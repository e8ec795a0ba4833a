"""The rows of the table of images say what the data says, whatever kind of row it is."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from mlops_console.web.templatetags.console import time_texts
from runtimes.models import RuntimeImage
from runtimes.web.views.images import BOUND_MAX
from tests.cast import Cast
from tests.factories import make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
HOSTILE = "\"><img src=x onerror='alert(1)'> & %s {{ uid }}"


@pytest.fixture
def images(cast: Cast) -> list[RuntimeImage]:
    """An image for each combination of workspace, state, manager and usable version."""
    made = 0
    for workspace in (cast.workspace, cast.everyone):
        for state in ("ACTIVE", "DEPRECATED", "DISABLED"):
            for platform in (None, state):
                for version in ("ACTIVE", "DEPRECATED", "DISABLED"):
                    fields: dict[str, Any] = {"platform_state": platform, "api_state": "ACTIVE" if platform else state}
                    image = make_image(workspace, f"i{made}", display_name=f"I{made:02} {HOSTILE}", **fields)
                    make_version(image, "v1.0.0", api_state=version, reference=f"lab/i_{made}:<b>1.0.0")
                    made += 1
    rows = RuntimeImage.objects.with_current().with_version_count().select_related("workspace")
    return list(rows.order_by("display_name"))


@pytest.mark.parametrize("place", ["lab", "global", "-"])
def test_each_kind_of_row_shows_its_data(cast: Cast, images: list[RuntimeImage], place: str) -> None:
    page = cast.client("admin").get(f"/workspaces/{place}/runtime-images/").content.decode()
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    expected = [image for image in images if place != "global" or image.workspace.is_global]
    for row, image in zip(rows, expected, strict=True):
        assert _cells(row) == _expected(image, place), image
        assert f'href="/workspaces/{image.workspace.uid}/runtime-images/{image.uid}/"' in row
        assert "<img" not in row
        assert "<b>1" not in row
        assert ("Inherited" in row) is (image.workspace.is_global and place != "global")
        assert f'datetime="{image.updated_at.isoformat(timespec="seconds")}"' in row
        assert ("lab/<wbr>i_<wbr>" in row) is bool(image.current_reference)


def _cells(row: str) -> list[str]:
    cells = re.split(r"<t[hd]\b[^>]*>", row)[1:]
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in cells]


def _expected(image: RuntimeImage, place: str) -> list[str]:
    inherited = " global" if image.workspace.is_global and place != "global" else ""
    warned = " Deprecated" if image.current_state == "DEPRECATED" else ""
    return [
        f"{image.display_name} {image.uid}{inherited}",
        f"{image.current_version}{warned}" if image.current_version else "none usable",
        image.current_reference or "–",
        "1",
        image.state.capitalize(),
        "Bootstrap" if image.managed_by_bootstrap else "People",
        *([image.workspace.display_name] if place == "-" else []),
        time_texts(image.updated_at, timezone.now())["words"],
    ]


def test_each_runtime_on_an_image_shows_its_data(cast: Cast) -> None:
    image = make_image(cast.everyone, versions="v1.0.0 v1.1.0")
    pinned = image.versions.get(version="v1.0.0")
    for number, state in enumerate(("ACTIVE", "DEPRECATED", "DISABLED")):
        place, version = (cast.workspace, pinned) if number else (cast.other, None)
        fields: dict[str, Any] = {"display_name": f"R{number} {HOSTILE}", "pinned_version": version, "api_state": state}
        make_runtime(image, f"r{number}", workspace=place, **fields)
    rows = _bound(cast, "admin")
    assert [_cells(row) for row in rows] == [
        [f"R0 {HOSTILE}", str(cast.other), "h2o3_mojo", "current", "Active"],
        [f"R1 {HOSTILE}", str(cast.workspace), "h2o3_mojo", "v1.0.0", "Deprecated"],
        [f"R2 {HOSTILE}", str(cast.workspace), "h2o3_mojo", "v1.0.0", "Disabled"],
    ]
    assert f'href="/workspaces/{cast.other.uid}/runtimes/r0/"' in rows[0]
    assert "<img" not in "".join(rows)
    assert [_cells(row)[0] for row in _bound(cast, "viewer")] == [f"R1 {HOSTILE}", f"R2 {HOSTILE}"]


def test_only_the_first_runtimes_on_an_image_are_shown(cast: Cast) -> None:
    image = make_image(cast.everyone)
    for number in range(BOUND_MAX + 2, 0, -1):
        make_runtime(image, f"r{number}", workspace=cast.workspace, display_name=f"R{number:02}")
    names = [_cells(row)[0] for row in _bound(cast, "viewer")]
    assert names == [f"R{number:02}" for number in range(1, BOUND_MAX + 1)]
    assert b"And 2 more." in cast.client("viewer").get("/workspaces/lab/runtime-images/h2o3-mojo/").content


def _bound(cast: Cast, role: str) -> list[str]:
    page = cast.client(role).get("/workspaces/lab/runtime-images/h2o3-mojo/").content.decode()
    table = page.partition("<h2>Runtimes on this image</h2>")[2].partition("</table>")[0]
    return table.partition("<tbody>")[2].split("<tr>")[1:]
