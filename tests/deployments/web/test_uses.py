"""Where runtimes, images and versions are used: their pages and dialogs say so, and deletion is refused by name."""

from __future__ import annotations

import pytest

from deployments.models import Deployment, Rollout, RolloutStep
from runtimes.models import Runtime, RuntimeImage, Version
from tests.cast import Cast
from tests.factories import make_composition, make_deployment, make_experiment, make_image, make_runtime

pytestmark = pytest.mark.django_db
RUNTIME = "/workspaces/global/runtimes/mojo/"
IMAGE = "/workspaces/global/runtime-images/h2o3-mojo/"
VERSION = f"{IMAGE}versions/v1.0.0/"
NAME = "workspaces/global/runtimeImages/h2o3-mojo"


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    """A runtime of `global`, on the lower of two versions two deployments of one workspace and one of another."""
    image = make_image(cast.everyone, versions="v1.0.0 v1.1.0")
    runtime = make_runtime(image)
    version = image.versions.get(version="v1.0.0")
    first, second = (make_experiment(cast.workspace, name) for name in ("Churn", "Fraud"))
    make_deployment(runtime, first, name="Ours", version=version, health="HEALTHY")
    make_deployment(runtime, first, second, name="Also ours", version=version)
    make_deployment(runtime, make_experiment(cast.other), name="Theirs", version=version)
    gone = make_deployment(runtime, first, name="Gone", version=version)
    Deployment.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)
    return runtime


@pytest.mark.parametrize("path", [RUNTIME, IMAGE])
def test_a_page_lists_the_deployments_that_one_may_see(cast: Cast, runtime: Runtime, path: str) -> None:
    member = cast.client("viewer").get(path.replace("global", "lab")).content.decode()
    assert "3 live compositions in 2 deployments" in member
    assert "Also ours" in member
    assert "in Lab: Churn on v1.0.0, Fraud on v1.0.0" in member
    assert "Theirs" not in member
    assert "Gone" not in member
    everything = cast.client("admin").get(path).content.decode()
    assert "4 live compositions in 3 deployments" in everything
    assert "Theirs" in everything


def test_pages_lead_to_the_table_narrowed_to_what_they_show(cast: Cast, runtime: Runtime) -> None:
    client = cast.client("viewer")
    for path, query in (
        ("/workspaces/lab/runtimes/mojo/", "runtime=workspaces%2Fglobal%2Fruntimes%2Fmojo"),
        ("/workspaces/lab/runtime-images/h2o3-mojo/", "image=workspaces%2Fglobal%2FruntimeImages%2Fh2o3-mojo"),
    ):
        address = f"/workspaces/lab/deployments/?{query}"
        assert f'href="{address}"' in client.get(path).content.decode()
        assert len(client.get(address).context["page"].rows) == 2


def test_each_version_counts_its_deployments(cast: Cast, runtime: Runtime) -> None:
    page = cast.client("viewer").get(IMAGE.replace("global", "lab"))
    assert {each["row"].version: each["used"] for each in page.context["versions"]} == {"v1.0.0": 2, "v1.1.0": 0}
    address = f"/workspaces/lab/deployments/?version={NAME}/versions/v1.0.0"
    assert f'href="{address}"' in page.content.decode()
    assert len(cast.client("viewer").get(address).context["page"].rows) == 2


def test_where_nothing_runs_the_page_says_so(cast: Cast) -> None:
    make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    for path in ("/workspaces/lab/runtimes/mojo/", "/workspaces/lab/runtime-images/h2o3-mojo/"):
        assert b"Nothing runs on it." in cast.client("viewer").get(path).content


def test_many_deployments_are_cut_and_counted(cast: Cast, runtime: Runtime) -> None:
    for number in range(10):
        make_deployment(runtime, make_experiment(cast.workspace), name=f"More {number}")
    page = cast.client("viewer").get("/workspaces/lab/runtimes/mojo/").content.decode()
    assert "and 2 more" in page


@pytest.mark.parametrize("path", [f"{RUNTIME}disable/", f"{IMAGE}disable/", f"{VERSION}disable/", f"{VERSION}delete/"])
def test_a_dialog_says_how_many_live_compositions_are_affected(cast: Cast, runtime: Runtime, path: str) -> None:
    page = cast.client("admin").get(path).content.decode()
    assert "4 live compositions in 3 deployments" in page
    assert "Also ours" in page


def test_a_dialog_for_many_runtimes_counts_what_stands_on_all_of_them(cast: Cast, runtime: Runtime) -> None:
    other = make_runtime(runtime.image, "other")
    make_composition(Deployment.objects.get(display_name="Ours"), make_experiment(cast.workspace), other)
    chosen = {"verb": "disable", "row": [runtime.name, other.name], "filter": ""}
    page = cast.client("admin").post("/workspaces/global/runtimes/bulk/", chosen).content.decode()
    assert "5 live compositions in 3 deployments" in page


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (f"{RUNTIME}delete/", "The runtime mojo is used by"),
        (f"{IMAGE}delete/", "The runtime image h2o3-mojo is used by"),
        (f"{VERSION}delete/", "The version v1.0.0 is used by"),
    ],
)
def test_what_is_in_use_cannot_be_deleted_and_the_deployments_are_named(
    cast: Cast, runtime: Runtime, path: str, what: str
) -> None:
    response = cast.client("admin").post(path)
    assert response.status_code == 409
    page = response.content.decode()
    assert what in page
    assert "the deployment Also ours" in page
    assert "the deployment Gone, which is being removed" in page
    assert "object" not in page[page.index(what) : page.index(what) + 400]
    assert (Runtime.objects.count(), RuntimeImage.objects.count(), Version.objects.count()) == (1, 1, 2)


def test_a_version_that_only_a_rollout_remembers_is_held_by_it(cast: Cast, runtime: Runtime) -> None:
    deployment = Deployment.objects.get(display_name="Ours")
    composition = deployment.compositions.get()
    rollout = Rollout.objects.create(deployment=deployment, number=4, status="ROLLED_BACK", started_by="owner")
    RolloutStep.objects.create(
        rollout=rollout,
        position=0,
        composition=composition,
        before=composition.version,
        after=runtime.image.versions.get(version="v1.1.0"),
    )
    response = cast.client("admin").post(f"{IMAGE}versions/v1.1.0/delete/")
    assert response.status_code == 409
    assert b"The version v1.1.0 is used by rollout #4 of the deployment Ours." in response.content


def test_a_version_that_runs_without_its_image_s_runtime_is_counted_with_its_image(
    cast: Cast, runtime: Runtime
) -> None:
    other = make_image(cast.workspace, "other", versions="v9.0.0")
    make_deployment(runtime, make_experiment(cast.workspace), name="Switched", version=other.versions.get())
    client = cast.client("owner")
    page = client.get("/workspaces/lab/runtime-images/other/").content.decode()
    assert "1 live composition in 1 deployment" in page
    response = client.post("/workspaces/lab/runtime-images/other/delete/")
    assert response.status_code == 409
    assert b"The runtime image other is used by the deployment Switched." in response.content
