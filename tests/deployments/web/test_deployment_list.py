"""The table of deployments: what it shows, narrows by and sorts by."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from deployments.models import Deployment
from tests.cast import Cast
from tests.factories import make_composition, make_deployment, make_experiment, make_image, make_runtime

pytestmark = pytest.mark.django_db
LIST = "/workspaces/lab/deployments/"
MOJO = "workspaces/lab/runtimeImages/h2o3-mojo"
PYTHON = "workspaces/global/runtimeImages/python"


@pytest.fixture
def fleet(cast: Cast) -> dict[str, Deployment]:
    """Three deployments that differ in everything that can be asked for."""
    mojo = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    python = make_image(cast.everyone, "python", versions="v3.0.0")
    on_mojo, on_python = make_runtime(mojo), make_runtime(python, "mlflow", model_type="python/mlflow")
    old, new = mojo.versions.get(version="v1.0.0"), mojo.versions.get(version="v1.1.0")
    experiments = [make_experiment(cast.workspace, name) for name in ("Churn", "Fraud")]
    shadow = make_deployment(on_mojo, experiments[0], name="Cover", version=new, mode="SHADOW", health="FAILED")
    make_composition(shadow, experiments[1], on_python)
    return {
        "single": make_deployment(on_mojo, experiments[0], name="Alone", version=new, health="HEALTHY"),
        "split": make_deployment(on_mojo, *experiments, name="Both ways", version=old, health="LAUNCHING"),
        "shadow": shadow,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["single", "split", "shadow"], id="all by name"),
        pytest.param("?sort=-name", ["shadow", "split", "single"], id="downwards"),
        pytest.param("?sort=mode", ["shadow", "single", "split"], id="by mode"),
        pytest.param("?sort=-upgrade", ["split", "shadow", "single"], id="what can be upgraded first"),
        pytest.param("?state=HEALTHY", ["single"], id="state"),
        pytest.param("?mode=SHADOW", ["shadow"], id="mode"),
        pytest.param("?runtime=workspaces/global/runtimes/mlflow", ["shadow"], id="runtime"),
        pytest.param("?runtime=workspaces/lab/runtimes/mlflow", [], id="runtime of another workspace"),
        pytest.param(f"?image={PYTHON}", ["shadow"], id="image"),
        pytest.param(f"?image={MOJO}&mode=SPLIT", ["split"], id="image and mode"),
        pytest.param(f"?version={MOJO}/versions/v1.0.0", ["split"], id="version"),
        pytest.param(f"?version={MOJO}/versions/v1.1.0", ["single", "shadow"], id="another version"),
        pytest.param(
            f"?image={PYTHON}&runtime=workspaces/lab/runtimes/mojo", [], id="one composition has to answer both"
        ),
        pytest.param("?runtime=mlflow", ["shadow"], id="runtime by its ID"),
        pytest.param("?runtime=Mojo", ["single", "split", "shadow"], id="runtime by its name"),
        pytest.param("?image=Python", ["shadow"], id="image by its name"),
        pytest.param("?version=v1.0.0", ["split"], id="version by its number"),
        pytest.param("?upgrade=yes", ["split"], id="upgrade available"),
        pytest.param("?upgrade=no", ["single", "shadow"], id="no upgrade available"),
        pytest.param("?q=both", ["split"], id="search"),
        pytest.param("?q=nothing", [], id="search without a hit"),
        pytest.param("?state=nonsense&mode=nonsense&upgrade=nonsense", ["single", "split", "shadow"], id="nonsense"),
        pytest.param("?version=nonsense", [], id="a name of nothing"),
    ],
)
def test_the_list_narrows_and_sorts(cast: Cast, fleet: dict[str, Deployment], query: str, expected: list[str]) -> None:
    page = cast.client("viewer").get(LIST + query)
    assert [row.pk for row in page.context["page"].rows] == [fleet[name].pk for name in expected]


def test_each_composition_shows_its_experiment_and_version_and_beyond_three_their_number(
    cast: Cast, fleet: dict[str, Deployment]
) -> None:
    runtime = fleet["split"].compositions.get(position=0).runtime
    for number in range(3):
        make_composition(fleet["split"], make_experiment(cast.workspace, f"More {number}"), runtime)
    text = cast.client("viewer").get(f"{LIST}?q=both").content.decode()
    assert f'<a href="{LIST}{fleet["split"].uid}/">Both ways</a>' in text
    assert '<span class="line-name" title="Churn">Churn</span>' in text
    assert '<span class="line-version num" title="h2oai/h2o3-mojo:1.0.0">v1.0.0</span>' in text
    assert "More 0" in text
    assert "More 1" not in text
    assert "+2" in text


def test_whatever_people_call_it_is_text(cast: Cast, fleet: dict[str, Deployment]) -> None:
    Deployment.objects.filter(pk=fleet["single"].pk).update(display_name="<b>Bold</b>")
    text = cast.client("viewer").get(f"{LIST}?mode=SINGLE").content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;</a>" in text
    assert "<b>Bold" not in text


def test_a_disabled_version_that_still_runs_is_marked(cast: Cast, fleet: dict[str, Deployment]) -> None:
    version = fleet["split"].compositions.get(position=0).version
    version.api_state = "DISABLED"
    version.save(update_fields=["api_state"])
    text = cast.client("viewer").get(f"{LIST}?mode=SPLIT").content.decode()
    assert "badge danger" in text
    assert "Disabled" in text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(
            "runtime",
            [("workspaces/global/runtimes/mlflow", "Mlflow"), ("workspaces/lab/runtimes/mojo", "Mojo")],
            id="runtimes",
        ),
        pytest.param("image", [(MOJO, "H2o3 mojo"), (PYTHON, "Python")], id="images"),
        pytest.param(
            "version",
            [
                (f"{MOJO}/versions/v1.1.0", "H2o3 mojo v1.1.0"),
                (f"{MOJO}/versions/v1.0.0", "H2o3 mojo v1.0.0"),
                (f"{PYTHON}/versions/v3.0.0", "Python v3.0.0"),
            ],
            id="versions",
        ),
    ],
)
def test_the_filters_offer_what_runs_here_once_they_are_entered(
    cast: Cast, fleet: dict[str, Deployment], kind: str, expected: list[tuple[str, str]]
) -> None:
    make_image(cast.workspace, "unused", versions="v1.0.0")
    make_deployment(
        make_runtime(make_image(cast.other, "theirs", versions="v1.0.0"), "theirs"), name="Not ours to know"
    )
    client = cast.client("viewer")
    page = client.get(LIST).content.decode()
    assert "Mlflow" not in page, "there may be thousands"
    assert f'hx-get="{LIST}offers/{kind}.html"' in page
    offers = client.get(f"{LIST}offers/{kind}.html").content.decode()
    assert re.findall(r'<option value="([^"]+)">([^<]+)</option>', offers) == expected
    assert client.get(f"{LIST}offers/weather.html").status_code == 404


def test_what_was_asked_for_is_named_shortly(cast: Cast, fleet: dict[str, Deployment]) -> None:
    page = cast.client("viewer").get(f"{LIST}?version={MOJO}/versions/v7.0.0").content.decode()
    assert "Version: <b>v7.0.0</b>" in page
    assert f'value="{MOJO}/versions/v7.0.0"' in page
    assert "No deployment matches" in page


def test_all_workspaces_show_a_column_for_them(cast: Cast, fleet: dict[str, Deployment]) -> None:
    theirs = make_image(cast.other, "theirs", versions="v1.0.0")
    make_deployment(make_runtime(theirs), name="Theirs")
    page = cast.client("admin").get("/workspaces/-/deployments/?sort=workspace")
    assert [row.display_name for row in page.context["page"].rows] == ["Theirs", "Alone", "Both ways", "Cover"]
    assert b"Workspace" in page.content
    assert b"New deployment" not in page.content, "- is no place to put one"


def test_whoever_has_none_is_told_how_to_begin(cast: Cast) -> None:
    def shown(client: Client) -> str:
        return client.get(LIST).content.decode()

    assert "New deployment" in shown(cast.client("operator"))
    assert "New deployment" not in shown(cast.client("viewer"))


def test_a_deleted_deployment_is_listed_no_more(cast: Cast, fleet: dict[str, Deployment]) -> None:
    cast.client("owner").post(f"{LIST}{fleet['single'].uid}/delete/")
    page = cast.client("viewer").get(LIST)
    assert [row.display_name for row in page.context["page"].rows] == ["Both ways", "Cover"]
