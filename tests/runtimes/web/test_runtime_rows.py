"""The rows of the table of runtimes say what the data says, whatever kind of row it is."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from mlops_console.actions.people import set_columns
from mlops_console.actor import person
from mlops_console.web.templatetags.console import time_texts
from runtimes.listing import runtime_rows
from runtimes.models import Runtime
from runtimes.web.views.runtimes.table import COLUMNS
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
HOSTILE = "\"><img src=x onerror='alert(1)'> & %s {{ uid }}"


@pytest.fixture
def runtimes(cast: Cast) -> list[Runtime]:
    """A runtime for each combination of state, manager, workspace and pin."""
    made: list[Runtime] = []
    for workspace in (cast.workspace, cast.everyone):
        image = make_image(workspace, "scorer", versions="v1.0.0", display_name=f"Scorer {HOSTILE}")
        for state in ("ACTIVE", "DEPRECATED", "DISABLED"):
            for platform in (None, state):
                for pinned in (None, image.versions.get()):
                    fields = {"platform_state": platform, "api_state": "ACTIVE" if platform else state}
                    made.append(
                        make_runtime(
                            image,
                            f"r{len(made)}",
                            model_type="vllm_config" if pinned else "h2o3_mojo",
                            display_name=f"R{len(made):02} {HOSTILE}",
                            pinned_version=pinned,
                            **fields,
                        )
                    )
    return list(Runtime.objects.select_related("workspace", "image__workspace", "pinned_version"))


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
@pytest.mark.parametrize("shown", [list(COLUMNS), [], *([column] for column in COLUMNS)], ids="-".join)
def test_each_kind_of_row_shows_its_data(cast: Cast, runtimes: list[Runtime], role: str, shown: list[str]) -> None:
    set_columns(actor=person(getattr(cast, role), roles={}), list_name="runtimes", columns=shown)
    rows = _rows(cast.client(role), "/workspaces/lab/runtimes/")
    assert len(rows) == len(runtimes)
    for row, runtime in zip(rows, sorted(runtimes, key=lambda each: each.display_name), strict=True):
        assert _cells(row) == _expected(runtime, role, shown), runtime
        assert f'href="/workspaces/{runtime.workspace.uid}/runtimes/{runtime.uid}/"' in row
        assert "<img" not in row
        assert ("Inherited from the workspace global" in row) is runtime.workspace.is_global
        if "image" in shown:
            assert f'href="/workspaces/{runtime.image.workspace.uid}/runtime-images/scorer/"' in row
        if "state" in shown:
            tone = {"ACTIVE": "good", "DEPRECATED": "warning", "DISABLED": "danger"}[runtime.state]
            assert f'<span class="badge {tone}"' in row
        if "updated" in shown:
            assert f'datetime="{runtime.updated_at.isoformat(timespec="seconds")}"' in row
        boxes = re.findall(
            r'<input type="checkbox"\s+name="row"\s+value="([^"]+)"\s+form="bulk"\s+aria-label="([^"]+)" />', row
        )
        may_choose = role == "admin" or (role == "operator" and not runtime.workspace.is_global)
        names = [(value, unescape(label)) for value, label in boxes]
        assert names == ([(runtime.name, f"Select {runtime.display_name}")] if may_choose else [])


def test_inherited_is_no_word_for_what_a_workspace_owns(cast: Cast, runtimes: list[Runtime]) -> None:
    rows = _rows(cast.client("admin"), "/workspaces/global/runtimes/")
    assert len(rows) == len(runtimes) // 2
    assert not any("Inherited" in row for row in rows)


def test_the_light_rows_are_those_of_the_models(runtimes: list[Runtime]) -> None:
    found = {row.pk: row for row in runtime_rows([each.pk for each in runtimes])}
    for runtime in runtimes:
        row = found.pop(runtime.pk)
        assert row.name == runtime.name
        assert (row.workspace_id, row.workspace_name) == (runtime.workspace_id, runtime.workspace.display_name)
        assert (row.state, row.managed_by_bootstrap) == (runtime.state, runtime.managed_by_bootstrap)
        assert row.pinned_version == (runtime.pinned_version.version if runtime.pinned_version else None)
        assert (row.model_type, row.updated_at) == (runtime.model_type_id, runtime.updated_at)
    assert not found


@pytest.mark.parametrize("place", ["lab", "global", "-"])
@pytest.mark.parametrize("query", ["", "sort=-name", "sort=version", "sort=-updated", "q=r0", "state=DISABLED"])
def test_the_export_has_the_rows_and_the_order_of_the_table(
    cast: Cast, runtimes: list[Runtime], place: str, query: str
) -> None:
    admin = cast.client("admin")
    shown = [row.uid for row in admin.get(f"/workspaces/{place}/runtimes/?{query}").context["page"].rows]
    response = admin.get(f"/workspaces/{place}/runtimes/export.csv?{query}")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    # Line breaks and quotes are left to the reader of CSV.
    exported = [row["id"] for row in csv.DictReader(io.StringIO(text))]
    assert exported == shown


def test_the_export_says_why_a_row_is_in_its_state(cast: Cast) -> None:
    image = make_image(cast.workspace)
    make_runtime(image, "held", api_state="DISABLED", api_reason="CVE", platform_state="ACTIVE", platform_reason="ok")
    make_runtime(image, "under", api_reason="ours", platform_state="DISABLED", platform_reason="removed")
    make_runtime(image, "agreed", api_state="DISABLED", platform_state="DISABLED", platform_reason="both")
    response = cast.client("viewer").get("/workspaces/lab/runtimes/export.csv")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    for runtime in Runtime.objects.select_related("workspace", "image__workspace"):
        row = rows[runtime.uid]
        assert row["state reason"] == runtime.state_reason
        assert row["runtime image"] == runtime.image.name
    assert [rows[uid]["state reason"] for uid in ("held", "under", "agreed")] == ["CVE", "removed", "both"]


def _rows(client: Client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    return page.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]


def _cells(row: str) -> list[str]:
    """The text of the cells of a row."""
    cells = re.split(r"<t[hd]\b[^>]*>", row)[1:]
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in cells]


def _expected(runtime: Runtime, role: str, shown: list[str]) -> list[str]:
    inherited = " global" if runtime.workspace.is_global else ""
    texts = {
        "model_type": runtime.model_type_id,
        "image": runtime.image.display_name,
        "version": runtime.pinned_version.version if runtime.pinned_version else "current",
        "state": runtime.state.capitalize(),
        "managed_by": "Bootstrap" if runtime.managed_by_bootstrap else "People",
        "workspace": runtime.workspace.display_name,
        "updated": time_texts(runtime.updated_at, timezone.now())["words"],
    }
    box = [] if role == "viewer" else [""]
    return [
        *box,
        f"{runtime.display_name} {runtime.uid}{inherited}",
        *(texts[each] for each in COLUMNS if each in shown),
    ]
