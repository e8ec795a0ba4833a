"""The form of a new deployment: what it offers for an experiment, and how its rows become compositions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from deployments.models import Deployment, Experiment
from runtimes.models import Runtime
from tests.cast import Cast
from tests.factories import make_experiment, make_image, make_runtime

pytestmark = pytest.mark.django_db
NEW = "/workspaces/lab/deployments/new/"


@pytest.fixture
def operator(cast: Cast) -> Client:
    return cast.client("operator")


@pytest.fixture
def experiment(cast: Cast) -> Experiment:
    return make_experiment(cast.workspace, metadata={"tier": "silver"})


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    return make_runtime(make_image(cast.workspace, versions="v1.0.0 v1.1.0"))


def form(*rows: dict[str, Any], **fields: str) -> dict[str, Any]:
    """The form as a browser posts it."""
    posted: dict[str, Any] = {"display_name": "Churn live", "mode": "SINGLE"} | fields
    posted |= {"composition-TOTAL_FORMS": str(len(rows)), "composition-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        posted |= {f"composition-{number}-{name}": value for name, value in row.items()}
    return posted


def row(experiment: Experiment | None, runtime: Runtime | None, weight: str = "50") -> dict[str, str]:
    return {
        "experiment": experiment.uid if experiment else "",
        "runtime": runtime.name if runtime else "",
        "weight": weight,
    }


def offered(response: Any, number: int = 0) -> list[str]:
    """The runtimes that a row offers, by name."""
    choices = response.context["rows"].rows[number].fields["runtime"].widget.choices
    return [value.rpartition("/")[2] for value, _ in choices if value]


@pytest.mark.parametrize(
    ("mode", "weights", "stored"),
    [
        pytest.param("SINGLE", ["50"], [(0, 100, False)], id="single: the weight counts for nothing"),
        pytest.param("SPLIT", ["30", "70"], [(0, 30, False), (1, 70, False)], id="split"),
        pytest.param("SHADOW", ["", ""], [(0, 100, False), (1, 100, True)], id="shadow: the second is the mirror"),
    ],
)
def test_each_mode_is_created_from_its_rows(
    cast: Cast,
    operator: Client,
    experiment: Experiment,
    runtime: Runtime,
    mode: str,
    weights: list[str],
    stored: list[tuple[int, int, bool]],
) -> None:
    experiments = [experiment, make_experiment(cast.workspace, "Second")]
    rows = [row(each, runtime, weight) for each, weight in zip(experiments, weights, strict=False)]
    response = operator.post(NEW, form(*rows, mode=mode, description="Scores customers."))
    assert response.status_code == 302, response.context["form"].errors
    deployment = Deployment.objects.get()
    assert response["Location"] == f"/workspaces/lab/deployments/{deployment.uid}/"
    assert (deployment.mode, deployment.description) == (mode, "Scores customers.")
    compositions = deployment.compositions.order_by("position")
    assert list(compositions.values_list("position", "weight", "is_mirror")) == stored
    assert {each.version.version for each in compositions} == {"v1.1.0"}
    assert [each.experiment for each in compositions] == experiments[: len(stored)]


def test_a_picked_experiment_is_offered_the_runtimes_that_take_it_and_told_why_the_others_do_not(
    cast: Cast, operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    image = runtime.image
    make_runtime(image, "retired", api_state="DISABLED")
    make_runtime(image, "gold", selector={"tier": "gold"})
    make_runtime(image, "silver", selector={"tier": "silver"})
    make_runtime(image, "legacy", api_state="DEPRECATED")
    make_runtime(image, "llm", model_type="vllm_config")
    make_runtime(make_image(cast.workspace, "empty"), "empty")
    make_runtime(make_image(cast.other, "theirs", versions="v1.0.0"), "theirs")
    make_runtime(make_image(cast.everyone, "shared", versions="v1.0.0"), "shared")
    response = operator.post(NEW, form(row(experiment, None)) | {"offer": "composition-0"})
    assert response.status_code == 200
    assert sorted(offered(response)) == ["legacy", "mojo", "shared", "silver"]
    page = response.content.decode()
    for words in (
        "4 runtimes do not match",
        "It is disabled.",
        "Its selector does not match",
        "has no version that is active or deprecated",
        "for vllm_config, the experiment is h2o3_mojo",
        "Legacy, now v1.1.0 (deprecated)",
        "Legacy: Deprecated",
    ):
        assert words in page
    assert "heirs" not in page, "of another workspace's runtimes not even the name is told"
    assert not response.context["form"].errors, "nothing is checked before it is saved"


def test_an_experiment_without_a_model_type_is_offered_runtimes_of_every_type(
    cast: Cast, operator: Client, runtime: Runtime
) -> None:
    make_runtime(runtime.image, "llm", model_type="vllm_config")
    untyped = make_experiment(cast.workspace, model_type="")
    assert sorted(offered(operator.get(f"{NEW}?experiment={untyped.uid}"))) == ["llm", "mojo"]


def test_the_only_runtime_that_takes_an_experiment_is_picked_already(
    operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    page = operator.get(f"{NEW}?experiment={experiment.uid}")
    assert page.context["rows"].rows[0]["runtime"].value() == runtime.name
    make_runtime(runtime.image, "other")
    page = operator.get(f"{NEW}?experiment={experiment.uid}")
    assert page.context["rows"].rows[0]["runtime"].value() == ""


def test_where_no_runtime_takes_an_experiment_the_reasons_are_shown_at_once(
    operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    runtime.api_state = "DISABLED"
    runtime.save(update_fields=["api_state"])
    page = operator.get(f"{NEW}?experiment={experiment.uid}").content.decode()
    assert "No runtime of this workspace takes Churn." in page
    assert "<details open>" in page


def test_only_experiments_of_the_workspace_are_offered(
    cast: Cast, operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    make_experiment(cast.other, "Theirs")
    make_experiment(cast.everyone, "Shared")
    page = operator.get(NEW)
    choices = page.context["rows"].rows[0].fields["experiment"].widget.choices
    assert [value for value, _ in choices] == ["", experiment.uid]


def test_of_many_experiments_the_newest_are_offered_and_one_that_was_picked(
    cast: Cast, operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    Experiment.objects.bulk_create(
        Experiment(workspace=cast.workspace, display_name=f"Later {number}") for number in range(500)
    )
    page = operator.get(NEW)
    assert "Churn" not in page.content.decode()
    assert "The 500 newest experiments are listed" in page.content.decode()
    assert offered(operator.get(f"{NEW}?experiment={experiment.uid}")) == ["mojo"]


@pytest.mark.parametrize(
    ("button", "experiments"),
    [
        ({"add": "composition"}, ["first", "second", ""]),
        ({"remove": "composition-0"}, ["second"]),
        ({"remove": "composition-7"}, ["first", "second"]),
        ({"remove": "nonsense"}, ["first", "second"]),
    ],
)
def test_rows_come_and_go_by_plain_buttons_and_keep_what_was_typed(
    cast: Cast, operator: Client, runtime: Runtime, button: dict[str, str], experiments: list[str]
) -> None:
    rows = [row(make_experiment(cast.workspace, name, uid=name), runtime) for name in ("first", "second")]
    response = operator.post(NEW, form(*rows, display_name="Typed", mode="SPLIT") | button)
    assert response.status_code == 200
    assert [each.picked for each in response.context["rows"].rows] == experiments
    assert response.context["form"]["display_name"].value() == "Typed"
    assert response.context["form"]["mode"].value() == "SPLIT"
    assert response.context["rows"].rows[0]["runtime"].value() == runtime.name
    assert not Deployment.objects.exists()


def test_another_experiment_forgets_a_runtime_that_does_not_take_it(
    cast: Cast, operator: Client, runtime: Runtime
) -> None:
    for name in ("llm", "llm-too"):
        make_runtime(runtime.image, name, model_type="vllm_config")
    other = make_experiment(cast.workspace, "Chat", model_type="vllm_config")
    response = operator.post(NEW, form(row(other, runtime)) | {"offer": "1"})
    assert response.context["rows"].rows[0]["runtime"].value() == ""


@pytest.mark.parametrize(
    ("rows", "mode", "sentence"),
    [
        (1, "SPLIT", "An A/B split has 2 to 20 compositions, not 1."),
        (2, "SINGLE", "A single-model deployment has one composition, not 2."),
        (3, "SHADOW", "A champion/challenger deployment has two compositions"),
    ],
)
def test_a_wrong_number_of_rows_is_told_at_the_rows(
    operator: Client, experiment: Experiment, runtime: Runtime, rows: int, mode: str, sentence: str
) -> None:
    response = operator.post(NEW, form(*[row(experiment, runtime)] * rows, mode=mode))
    assert response.status_code == 422
    assert any(sentence in fault for fault in response.context["rows"].formset.non_form_errors())
    assert sentence in response.content.decode()
    assert not Deployment.objects.exists()


def test_a_split_without_weights_is_refused(operator: Client, experiment: Experiment, runtime: Runtime) -> None:
    response = operator.post(NEW, form(row(experiment, runtime, ""), row(experiment, runtime), mode="SPLIT"))
    assert response.status_code == 422
    assert "Every composition of an A/B split has a weight" in response.content.decode()


def test_missing_fields_are_named_at_their_rows(operator: Client, experiment: Experiment, runtime: Runtime) -> None:
    response = operator.post(NEW, form(row(experiment, None), row(None, None), display_name=""))
    assert response.status_code == 422
    rows = response.context["rows"].rows
    assert [sorted(each.errors) for each in rows] == [["runtime"], ["experiment", "runtime"]]
    assert "display_name" in response.context["form"].errors
    assert offered(response) == ["mojo"], "what can be picked is offered again"


def test_what_is_not_there_is_named_at_its_row(operator: Client, experiment: Experiment, runtime: Runtime) -> None:
    posted = form(row(experiment, runtime) | {"experiment": "none"})
    response = operator.post(NEW, posted)
    assert response.status_code == 422
    assert "There is no experiment" in str(response.context["rows"].rows[0].errors["experiment"])
    response = operator.post(NEW, form(row(experiment, runtime) | {"runtime": "workspaces/lab/runtimes/none"}))
    assert response.status_code == 422
    assert "There is no runtime" in str(response.context["rows"].rows[0].errors["runtime"])


@pytest.mark.parametrize("what", ["runtime", "image", "version"])
def test_something_disabled_is_refused_with_its_reason(
    operator: Client, experiment: Experiment, runtime: Runtime, what: str
) -> None:
    pinned = runtime.image.versions.get(version="v1.0.0")
    runtime.pinned_version = pinned
    runtime.save(update_fields=["pinned_version"])
    disabled = {"runtime": runtime, "image": runtime.image, "version": pinned}[what]
    disabled.api_state = "DISABLED"
    disabled.save(update_fields=["api_state"])
    response = operator.post(NEW, form(row(experiment, runtime)))
    assert response.status_code == 409
    assert "does not take the experiment Churn" in response.context["refusal"]
    assert "disabled" in response.context["refusal"]
    assert not Deployment.objects.exists()


def test_something_deprecated_is_created_with_a_warning(
    operator: Client, experiment: Experiment, runtime: Runtime
) -> None:
    runtime.api_state = "DEPRECATED"
    runtime.save(update_fields=["api_state"])
    response = operator.post(NEW, form(row(experiment, runtime)), follow=True)
    told = {str(each): each.level_tag for each in response.context["messages"]}
    assert Deployment.objects.exists()
    assert any("Mojo: Deprecated" in text and level == "warning" for text, level in told.items())
    assert any("created" in text and level == "success" for text, level in told.items())


def test_a_workspace_without_experiments_leads_to_the_upload(cast: Cast, operator: Client, runtime: Runtime) -> None:
    page = operator.get(NEW).content.decode()
    assert "Nothing to deploy yet" in page
    assert "/workspaces/lab/experiments/new/" in page
