"""The rows of the table of images say what the data says, whatever kind of row it is."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from mlops_console.web.templatetags.console import time_texts
from runtimes.models import RuntimeImage
from tests.cast import Cast
from tests.factories import make_image, make_version

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
