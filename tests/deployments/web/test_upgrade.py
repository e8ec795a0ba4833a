"""The upgrade wizard, over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.actions.deployments import Wish, create_deployment, pause_deployment, resume_deployment
from deployments.actions.workloads import Birth, keep_workloads
from deployments.models import Composition, Deployment, Experiment, Plan, Rollout, RolloutStep
from deployments.planning.modes import Mode
from mlops_console.models import AuditEntry
from runtimes.models import Runtime, RuntimeImage
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
REASON = "CVE-2026-1234"


@dataclass(frozen=True)
class Scene:
    """A deployment of two experiments on v1.0.0, of which v1.1.0 is the latest and v0.9.0 is disabled."""

    cast: Cast
    image: RuntimeImage
    runtime: Runtime
    deployment: Deployment
    one: Experiment
    two: Experiment

    @property
    def address(self) -> str:
        return f"/workspaces/lab/deployments/{self.deployment.uid}/upgrade/"

    def version(self, number: str) -> str:
        return f"version:{self.image.name}/versions/{number}"

    def send(self, client: Client | None = None, **fields: Any) -> Any:
        """Press a button: by keyword `one` and `two` are the targets of the experiments."""
        sent = {"others": "latest"}
        for name, value in fields.items():
            experiment = {"one": self.one, "two": self.two}.get(name)
            sent[f"target-{experiment.uid}" if experiment else name] = value
        return (client or self.cast.client("operator")).post(self.address, sent)

    def preview(self, **fields: Any) -> Any:
        return self.send(preview="1", **fields)

    def start(self, client: Client | None = None, **fields: Any) -> Any:
        return self.send(client, **{"start": "1", "reason": REASON, "plan": Plan.objects.latest("pk").uid} | fields)


@pytest.fixture
def scene(cast: Cast) -> Scene:
    image = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    make_version(image, "v0.9.0", platform_state=None, api_state="DISABLED")
    runtime = make_runtime(image)
    one, two = make_experiment(cast.workspace, "Churn one"), make_experiment(cast.workspace, "Churn two")
    first = image.versions.get(version="v1.0.0")
    return Scene(cast, image, runtime, make_deployment(runtime, one, two, version=first), one, two)


def text(response: Any) -> str:
    """What stands on the page, markup and entities aside."""
    page = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", page.replace("&quot;", '"').replace("&#x27;", "'").replace("&gt;", ">"))


def kinds(response: Any) -> dict[str, str]:
    """What the preview says of each experiment."""
    return {row.step.experiment_name: row.badge.label for row in response.context["preview"]["rows"]}


def test_the_choices(scene: Scene) -> None:
    page = scene.cast.client("operator").get(scene.address)
    assert page.status_code == 200
    form = page.context["form"]
    assert [field.label for field in form.own_fields] == ["Target for Churn one", "Target for Churn two"]
    others = re.search(r'<select name="others".*?</select>', page.content.decode(), re.DOTALL)
    assert others
    assert re.findall(r"<option[^>]*>([^<]+)</option>", others[0])[:2] == ["Latest", "Keep current version"]
    assert re.findall(r'<option value="([^"]+)" selected>', others[0]) == ["latest"]
    group = others[0].partition('<optgroup label="H2o3 mojo">')[2]
    assert re.findall(r"<option[^>]*>([^<]+)</option>", group) == [
        "H2o3 mojo (current version, v1.1.0)",
        "H2o3 mojo v1.1.0",
        "H2o3 mojo v1.0.0",
        "H2o3 mojo v0.9.0 (disabled)",
    ]
    assert "Runs v1.0.0 of H2o3 mojo; latest is v1.1.0. Runtime: Mojo." in text(page)
    assert Plan.objects.count() == 0


def test_more_images_and_versions_cost_no_more_queries(scene: Scene) -> None:
    client = scene.cast.client("operator")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(scene.address).status_code == 200
        return len(queries)

    few = cost()
    for number in range(5):
        make_image(scene.cast.workspace, f"other-{number}", versions="v1.0.0 v1.1.0")
    assert cost() == few


def test_a_preview_says_what_would_be_done_and_changes_nothing(scene: Scene) -> None:
    page = scene.preview(one="latest", two=scene.version("v0.9.0"), reason="kept while looking")
    assert page.status_code == 200
    assert kinds(page) == {"Churn one": "Upgrade", "Churn two": "Blocked"}
    said = text(page)
    for words in (
        "v1.1.0 is the current version of H2o3 mojo.",
        "v0.9.0 of H2o3 mojo is disabled, so nothing is moved to it.",
        'Press "Activate" at v0.9.0 on the page of the runtime image H2o3 mojo',
        "kept while looking",
        "1 upgrade",
        "1 blocked",
    ):
        assert words in said
    for reference in ("h2oai/h2o3-mojo:1.0.0", "h2oai/h2o3-mojo:1.1.0"):
        assert reference in page.content.decode().replace("<wbr>", "")
    assert not Rollout.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("target", "kind", "warning"),
    [
        pytest.param("keep", "Skip", "", id="kept"),
        pytest.param("version:v1.0.0", "Skip", "", id="there already"),
        pytest.param("version:v0.8.0", "Roll back", "v0.8.0 is lower than v1.0.0, which runs now.", id="down"),
        pytest.param("image:other", "Switch", "Other is not the image of the runtime Mojo", id="another image"),
        pytest.param("version:v7.0.0", "Blocked", "", id="unknown"),
    ],
)
def test_every_kind_is_shown(scene: Scene, target: str, kind: str, warning: str) -> None:
    make_version(scene.image, "v0.8.0")
    other = make_image(scene.cast.workspace, "other", versions="v3.0.0")
    word, _, number = target.partition(":")
    target = {"version": scene.version(number), "image": f"image:{other.name}"}.get(word, target)
    page = scene.preview(one=target, others="keep")
    assert kinds(page) == {"Churn one": kind, "Churn two": "Skip"}
    assert warning in text(page)


def test_variables_that_resolve_otherwise_are_told_and_secrets_are_not(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    runtime = make_runtime(image, environment_variables={"THREADS": "2", "API_TOKEN": "old-secret", "SAME": "x"})
    experiment = make_experiment(cast.workspace)
    deployment = create_deployment(
        actor=cast.actor("owner"),
        workspace=cast.workspace,
        display_name="Live",
        mode=Mode.SINGLE,
        wishes=[Wish(experiment=experiment.uid, runtime=runtime.name)],
        now=timezone.now(),
    )
    make_version(image, "v1.1.0")
    runtime.environment_variables = {"THREADS": "{if GPU_COUNT == 0}8{/if}", "API_TOKEN": "new-secret", "SAME": "x"}
    runtime.save()
    address = f"/workspaces/lab/deployments/{deployment.uid}/upgrade/"
    page = cast.client("operator").post(address, {"others": "latest", "preview": "1"})
    (row,) = page.context["preview"]["rows"]
    assert [(each.key, each.before, each.after) for each in row.variables][1] == ("THREADS", "2", "8")
    assert [each.key for each in row.variables] == ["API_TOKEN", "THREADS"]
    assert "secret" not in page.content.decode()
    assert "2 environment variables will be different" in text(page)


def test_what_is_resumed_starts_with_the_variables_of_now(scene: Scene) -> None:
    actor, now = scene.cast.actor("owner"), timezone.now()
    place: dict[str, Any] = {"actor": actor, "workspace": "lab", "uid": scene.deployment.uid, "now": now}
    Runtime.objects.update(environment_variables={"THREADS": "4"})
    assert "1 environment variable will be different" in text(scene.preview(one="latest"))
    pause_deployment(**place)
    resume_deployment(**place)
    page = scene.preview(one="latest")
    assert kinds(page)["Churn one"] == "Upgrade"
    assert "environment variable" not in text(page)


def test_starting_what_was_previewed(scene: Scene) -> None:
    scene.preview(one="latest", others="keep")
    answer = scene.start(one="latest", others="keep")
    rollout = Rollout.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/workspaces/lab/rollouts/{rollout.pk}/")
    assert (rollout.reason, rollout.started_by, rollout.plan) == (REASON, "operator", Plan.objects.get())
    step = RolloutStep.objects.get()
    assert (step.composition.experiment, step.after.version) == (scene.one, "v1.1.0")
    assert AuditEntry.objects.get().reason == REASON


@pytest.mark.parametrize("reason", ["", "   \n ", "x" * 1001, "a\x07b"], ids=["none", "blank", "too long", "a bell"])
def test_without_a_good_reason_nothing_is_started(scene: Scene, reason: str) -> None:
    scene.preview(one="latest")
    page = scene.start(one="latest", reason=reason)
    assert page.status_code == 422
    assert page.context["form"].errors["reason"]
    # The preview stays, and with it the plan that can still be started.
    assert page.context["screen"].plan == Plan.objects.get()
    assert kinds(page)["Churn one"] == "Upgrade"
    assert not Rollout.objects.exists()
    assert scene.start(one="latest").status_code == 302


def test_blocked_rows_are_refused_unless_they_are_left_out(scene: Scene) -> None:
    chosen: dict[str, Any] = {"one": "latest", "two": scene.version("v0.9.0")}
    scene.preview(**chosen)
    page = scene.start(**chosen)
    assert page.status_code == 409
    assert "v0.9.0 of H2o3 mojo is disabled" in page.context["screen"].refusal
    assert REASON in page.content.decode()
    assert not Rollout.objects.exists()
    assert scene.start(**chosen, leave_out_blocked="on").status_code == 302
    assert [step.composition.experiment for step in RolloutStep.objects.all()] == [scene.one]


@pytest.mark.parametrize(
    ("others", "words"),
    [
        pytest.param("keep", "Nothing is to be done", id="everything is skipped"),
        pytest.param("version", "Nothing can be started", id="everything is blocked"),
    ],
)
def test_where_nothing_moves_there_is_nothing_to_start(scene: Scene, others: str, words: str) -> None:
    target = scene.version("v0.9.0") if others == "version" else others
    page = scene.preview(others=target)
    assert words in text(page)
    assert "Start upgrade" not in text(page)
    revision = scene.deployment.revision
    scene.start(others=target, leave_out_blocked="on")
    assert not Rollout.objects.exists()
    scene.deployment.refresh_from_db()
    assert scene.deployment.revision == revision


def test_a_plan_whose_world_has_moved_is_shown_beside_the_new_one(scene: Scene) -> None:
    scene.preview(one="latest", two="keep")
    make_version(scene.image, "v1.2.0")
    page = scene.start(one="latest", two="keep", reason="Typed with care")
    assert page.status_code == 409
    assert not Rollout.objects.exists()
    sides = page.context["screen"].sides
    assert [row.differs for row in sides["sides"]] == [True, False]
    changed = sides["sides"][0]
    assert (changed.old.step.after.number, changed.new.step.after.number) == ("v1.1.0", "v1.2.0")
    assert "1 row of the plan would now be different; it is marked below." in text(page)
    assert "Typed with care" in text(page)
    assert page.context["screen"].plan == Plan.objects.latest("pk")
    assert scene.start(one="latest", two="keep").status_code == 302
    assert RolloutStep.objects.get().after.version == "v1.2.0"


def test_where_only_the_revision_has_moved_the_page_says_so(scene: Scene) -> None:
    scene.preview(one="latest", two="keep")
    Deployment.objects.update(revision=7)
    page = scene.start(one="latest", two="keep")
    assert page.status_code == 409
    assert page.context["screen"].sides["differing"] == 0
    assert "No row of the plan is different" in text(page)
    assert scene.start(one="latest", two="keep").status_code == 302


def test_a_rollout_that_began_meanwhile_blocks_the_new_plan(scene: Scene) -> None:
    scene.preview(one="latest")
    scene.start(one="latest")
    page = scene.start(one="latest")
    assert page.status_code == 409
    assert kinds(page) == {"Churn one": "Blocked", "Churn two": "Blocked"}
    assert f"/workspaces/lab/rollouts/{Rollout.objects.get().pk}/" in page.content.decode()


def test_targets_changed_after_the_preview_are_previewed_not_started(scene: Scene) -> None:
    scene.preview(one="latest", others="keep")
    page = scene.start(one="latest", others="latest")
    assert page.status_code == 409
    assert "the targets were changed after the preview" in text(page)
    assert kinds(page) == {"Churn one": "Upgrade", "Churn two": "Upgrade"}
    assert not Rollout.objects.exists()


def test_starting_without_a_preview_previews(scene: Scene) -> None:
    page = scene.send(start="1", reason=REASON)
    assert page.status_code == 409
    assert "Nothing was started" in text(page)
    assert kinds(page) == {"Churn one": "Upgrade", "Churn two": "Upgrade"}


def test_the_plan_of_another_deployment_is_none(scene: Scene) -> None:
    other = make_deployment(scene.runtime, make_experiment(scene.cast.workspace, "Other"), name="Other")
    strange = Plan.objects.create(deployment=other, actor="x", fingerprint="0" * 64)
    assert scene.start(plan=strange.uid).status_code == 409
    assert not Rollout.objects.exists()


@pytest.mark.parametrize(
    "others",
    ["", "sideways", "version", "version:\x00", "image:" + "x" * 500],
    ids=["missing", "no target", "half a target", "NUL", "too long"],
)
def test_what_is_no_target_is_a_fault_of_the_form(scene: Scene, others: str) -> None:
    page = scene.preview(others=others)
    assert page.status_code == 422
    assert "others" in page.context["form"].errors
    assert not Plan.objects.exists()


def test_what_was_chosen_stays_chosen_in_each_field(scene: Scene) -> None:
    pinned = scene.version("v0.9.0")
    page = scene.preview(one=pinned, two="", others="keep").content.decode()
    chosen = {
        name: re.findall(r'value="([^"]*)" selected', select)
        for name, select in re.findall(r'<select name="([^"]+)"(.*?)</select>', page, re.DOTALL)
    }
    first, second = f"target-{scene.one.uid}", f"target-{scene.two.uid}"
    assert (chosen[first], chosen["others"]) == ([pinned], ["keep"])
    assert chosen[second] in ([], [""]), "as all others is the first one"


def test_what_images_are_called_is_text(scene: Scene) -> None:
    RuntimeImage.objects.update(display_name='"><b>Bold')
    page = scene.preview(one="latest").content.decode()
    assert "<b>Bold" not in page
    assert "&quot;&gt;&lt;b&gt;Bold v1.1.0</option>" in page


def test_a_version_that_is_gone_since_stays_chosen_and_is_blocked(scene: Scene) -> None:
    page = scene.preview(one=scene.version("v5.0.0"))
    assert kinds(page)["Churn one"] == "Blocked"
    assert f'value="{scene.version("v5.0.0")}" selected' in page.content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 404)])
def test_who_may_not_upgrade(scene: Scene, role: str, status: int) -> None:
    client = scene.cast.client(role)
    assert client.get(scene.address).status_code == status
    assert scene.send(client, preview="1").status_code == status
    assert not Plan.objects.exists()


def test_other_tenants_images_are_not_offered(scene: Scene) -> None:
    make_image(scene.cast.other, "theirs", versions="v9.0.0")
    make_image(scene.cast.everyone, "shared", versions="v8.0.0")
    page = text(scene.cast.client("operator").get(scene.address))
    assert "Shared v8.0.0" in page
    assert "Theirs" not in page


def test_a_thousand_compositions_are_previewed_and_started(scene: Scene) -> None:
    first = scene.image.versions.get(version="v1.0.0")
    experiments = Experiment.objects.bulk_create(
        Experiment(workspace=scene.cast.workspace, display_name=f"Model {number}") for number in range(998)
    )
    compositions = Composition.objects.bulk_create(
        Composition(
            deployment=scene.deployment,
            position=number + 2,
            experiment=experiment,
            runtime=scene.runtime,
            version=first,
            workload=f"w{number}",
        )
        for number, experiment in enumerate(experiments)
    )
    keep_workloads([Birth(each, each.workload, first) for each in compositions])
    page = scene.preview(one="keep", two=scene.version("v0.9.0"))
    assert len(page.context["form"].own_fields) == 20
    assert "the other 980 follow" in text(page)
    preview = page.context["preview"]
    assert {each.label: each.count for each in preview["counts"]} == {"Upgrade": 998, "Skip": 1, "Blocked": 1}
    assert (len(preview["rows"]), preview["rows"][0].badge.label) == (200, "Blocked")
    assert "These are 200 of 1,000 rows" in text(page)
    answer = scene.start(one="keep", two=scene.version("v0.9.0"), leave_out_blocked="on")
    assert answer.status_code == 302
    assert RolloutStep.objects.count() == 998
    page = scene.cast.client("viewer").get(answer["Location"])
    assert "And 948 more" in text(page)
