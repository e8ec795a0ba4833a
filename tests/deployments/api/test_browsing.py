"""The deployer and the storage service as pages of the browsable API."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.django_db
LAB = "/api/deployer/v2/workspaces/lab"
GET_EXPERIMENT = "/api/storage/ai.h2o.storage.ExperimentService/GetExperiment"


@pytest.mark.parametrize(
    ("path", "status", "holds"),
    [
        pytest.param("/api/", 200, f"{LAB}/deployments", id="root"),
        pytest.param(f"{LAB}/deployments", 200, f'href="{LAB}/deployments/d-1"', id="list"),
        pytest.param(
            f"{LAB}/deployments/d-1", 200, f'href="{LAB}/deployments/d-1:previewUpgradeRuntimeImage"', id="one"
        ),
        pytest.param(f"{LAB}/deployments/d-1", 200, f'href="{LAB}/deployments/d-1/rollouts"', id="its rollouts"),
        pytest.param(f"{LAB}/deployments/d-1:pause", 405, 'name="reason"', id="a verb"),
        pytest.param(f"{LAB}/deployments/d-1:upgradeRuntimeImage", 405, "<form", id="an upgrade"),
        pytest.param(GET_EXPERIMENT, 405, "takes POST only", id="a call"),
    ],
)
def test_a_page_shows_what_there_is_and_where_it_leads(cast: Cast, path: str, status: int, holds: str) -> None:
    make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0")), uid="d-1")
    answer = cast.client("owner").get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert holds in answer.content.decode()


def test_a_form_of_an_upgrade_carries_it_out(cast: Cast) -> None:
    row = make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0")), uid="d-1")
    path = f"{LAB}/deployments/d-1:previewUpgradeRuntimeImage"
    form = {"_content": '{"targets": []}'}
    plain = "application/x-www-form-urlencoded"
    answer = cast.client("viewer").post(path, urlencode(form), plain, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "already-on-target" in answer.content.decode()
    assert row.revision == 1
