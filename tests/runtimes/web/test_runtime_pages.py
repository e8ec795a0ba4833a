"""The pages of runtimes translate forms to actions and back; the actions' tests cover the rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from mlops_console.models import AuditEntry
from runtimes.actions.states import BULK_MAX
from runtimes.models import Runtime
from runtimes.rules.environment import MASK
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime, make_version

pytestmark = pytest.mark.django_db
LIST = "/workspaces/lab/runtimes/"
FORMSETS = {
    f"{prefix}-{count}_FORMS": "0" for prefix in ("env", "volume", "selector") for count in ("TOTAL", "INITIAL")
}


@pytest.fixture
def operator(cast: Cast) -> Client:
    return cast.client("operator")


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    return make_runtime(
        make_image(cast.workspace, versions="v1.0.0"),
        environment_variables={"API_TOKEN": "sesame", "THREADS": "{if GPU_COUNT > 1}many{else}one{/if}"},
    )


def form(**fields: str) -> dict[str, str]:
    return FORMSETS | {"display_name": "Mojo"} | fields


def rows(prefix: str, *given: dict[str, str]) -> dict[str, str]:
    """Rows of a formset as a browser posts them."""
    return {f"{prefix}-TOTAL_FORMS": str(len(given))} | {
        f"{prefix}-{number}-{field}": value for number, row in enumerate(given) for field, value in row.items()
    }


def test_a_new_runtime_is_created_with_its_rows(cast: Cast, operator: Client) -> None:
    make_model_type()
    image = make_image(cast.workspace, versions="v1.0.0")
    posted = form(uid="mojo", model_type="h2o3_mojo", runtime_image=image.name) | rows(
        "env", {"key": "THREADS", "value": "4"}, {"key": "", "value": ""}
    )
    posted |= rows(
        "volume",
        {"id": "tmp", "type": "EMPTY_DIR", "mount_paths": "/tmp\r\n/var/tmp", "properties": "size=1Gi"},
    )
    posted |= rows("selector", {"key": "tier", "value": "gold"}) | {"security-run_as_user": "1000"}
    response = operator.post(f"{LIST}new/", posted)
    assert response.status_code == 302, response.context["form"].errors
    runtime = Runtime.objects.get()
    assert response["Location"] == f"{LIST}mojo/"
    assert runtime.environment_variables == {"THREADS": "4"}
    assert runtime.volumes[0]["mountPaths"] == ["/tmp", "/var/tmp"]
    assert runtime.volumes[0]["properties"] == {"size": "1Gi"}
    assert (runtime.selector, runtime.security_context) == ({"tier": "gold"}, {"runAsUser": 1000})


def test_every_fault_is_shown_at_its_row_and_nothing_typed_is_lost(cast: Cast, operator: Client) -> None:
    make_model_type()
    image = make_image(cast.workspace)
    posted = form(model_type="h2o3_mojo", runtime_image=image.name, scoring_endpoint="a b") | rows(
        "env", {"key": "A", "value": "1"}, {"key": "9", "value": "x"}, {"key": "A", "value": "2"}
    )
    response = operator.post(f"{LIST}new/", posted)
    assert response.status_code == 422
    assert "given twice" in str(response.context["rows"].env.errors[2]["key"])
    posted = posted | rows("env", {"key": "A", "value": "1"}, {"key": "9", "value": "kept as typed"})
    response = operator.post(f"{LIST}new/", posted | rows("volume", {"id": "X", "mount_paths": "tmp"}))
    assert response.status_code == 422
    assert "value" in response.context["rows"].env.errors[1]
    assert set(response.context["rows"].volumes.errors[0]) == {"id", "mount_paths"}
    assert "scoring_endpoint" in response.context["form"].errors
    assert "kept as typed" in response.content.decode()
    assert not Runtime.objects.exists()


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        ({"add": "env"}, ["A", "B", ""]),
        ({"remove": "env-0"}, ["B"]),
        ({"remove": "env-7"}, ["A", "B"]),
        ({"remove": "nonsense"}, ["A", "B"]),
    ],
)
def test_rows_come_and_go_by_plain_buttons(
    cast: Cast, operator: Client, button: dict[str, str], keys: list[str]
) -> None:
    posted = form(display_name="") | rows("env", {"key": "A", "value": "1"}, {"key": "B", "value": "2"})
    response = operator.post(f"{LIST}new/", posted | button)
    assert response.status_code == 200
    shown = [row["key"].value() or "" for row in response.context["rows"].env]
    assert shown == keys
    assert not response.context["form"].errors, "nothing is checked before it is saved"


def test_the_versions_of_an_image_are_offered_once_it_is_chosen(cast: Cast, operator: Client) -> None:
    make_model_type()
    image = make_image(cast.workspace, versions="v1.9.0 v1.10.0")
    make_version(image, "v1.8.0", api_state="DEPRECATED")
    other = make_image(cast.everyone, "other", versions="v3.0.0")
    fresh = operator.get(f"{LIST}new/").context["form"]
    assert [value for value, _ in fresh.fields["runtime_image"].choices] == ["", image.name, other.name]
    assert [value for value, _ in fresh.fields["pinned_version"].choices] == [""]
    posted = form(display_name="", runtime_image=image.name, pinned_version=f"{other.name}/versions/v3.0.0")
    response = operator.post(f"{LIST}new/", posted | {"offer": "versions"})
    assert response.status_code == 200
    shown = response.context["form"]
    assert [label for _, label in shown.fields["pinned_version"].choices] == [
        "Not pinned",
        "v1.10.0",
        "v1.9.0",
        "v1.8.0 (deprecated)",
    ]
    assert shown["runtime_image"].value() == image.name
    assert not shown.errors, "nothing is checked before it is saved"


def test_a_new_runtime_is_pinned_to_a_version_of_its_own_image(cast: Cast, operator: Client) -> None:
    make_model_type()
    image = make_image(cast.workspace, versions="v1.0.0")
    other = make_image(cast.everyone, "other", versions="v1.0.0")
    chosen = form(model_type="h2o3_mojo", runtime_image=image.name)
    response = operator.post(f"{LIST}new/", chosen | {"pinned_version": f"{other.name}/versions/v1.0.0"})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"pinned_version"}
    response = operator.post(f"{LIST}new/", chosen | {"pinned_version": f"{image.name}/versions/v1.0.0"})
    assert response.status_code == 302, response.context["form"].errors
    assert Runtime.objects.get().pinned_version == image.versions.get()


def test_a_tampered_post_of_a_locked_field_is_refused(operator: Client, runtime: Runtime) -> None:
    page = operator.get(f"{LIST}mojo/edit/")
    field = page.context["form"]["model_type"]
    assert field.field.disabled
    assert "cannot be changed" in field.help_text
    tampered = form(revision="1", model_type="vllm_config", runtime_image="workspaces/lab/runtimeImages/other")
    response = operator.post(f"{LIST}mojo/edit/", tampered | {"display_name": "Tampered"})
    assert response.status_code == 400
    assert set(response.context["form"].errors) == {"model_type", "runtime_image"}
    assert Runtime.objects.get().display_name == "Mojo"


def test_a_form_opened_before_someone_else_saved_shows_the_others_change(
    cast: Cast, operator: Client, runtime: Runtime
) -> None:
    cast.client("owner").post(f"{LIST}mojo/edit/", form(revision="1", description="By the owner"))
    response = operator.post(f"{LIST}mojo/edit/", form(revision="1", description="Mine"))
    assert response.status_code == 409
    assert response.context["conflict"]["by"] == "owner"
    assert response.context["conflict"]["after"]["description"] == "By the owner"
    assert response.context["form"]["description"].value() == "Mine"
    again = operator.post(
        f"{LIST}mojo/edit/", form(revision=response.context["form"]["revision"].value(), description="Mine")
    )
    assert again.status_code == 302
    assert Runtime.objects.get().description == "Mine"


@pytest.mark.parametrize(("role", "shown"), [("viewer", MASK), ("operator", "sesame"), ("admin", "sesame")])
def test_secrets_are_masked_for_viewers(cast: Cast, runtime: Runtime, role: str, shown: str) -> None:
    page = cast.client(role).get(f"{LIST}mojo/").content.decode()
    assert shown in page
    assert ("sesame" in page) is (shown == "sesame")


def test_templates_are_shown_resolved_for_some_numbers_of_gpus(cast: Cast, runtime: Runtime) -> None:
    page = cast.client("viewer").get(f"{LIST}mojo/")
    variable = page.context["variables"][1]
    assert variable.resolved == ((0, "one"), (1, "one"), (2, "many"))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_state_change_without_a_proper_reason_is_refused(operator: Client, runtime: Runtime, reason: str) -> None:
    response = operator.post(f"{LIST}mojo/deprecate/", {"reason": reason})
    assert response.status_code == 422
    assert "reason" in response.context["form"].errors
    assert Runtime.objects.get().state == "ACTIVE"


def test_a_state_change_needs_a_reason_even_where_the_form_is_stepped_around(
    operator: Client, runtime: Runtime
) -> None:
    assert operator.post(f"{LIST}mojo/deprecate/", headers={"HX-Request": "true"}).status_code == 422
    assert operator.post(f"{LIST}mojo/activate/", {"reason": "x"}).status_code == 404


def test_enabling_under_a_ceiling_says_what_holds_it(cast: Cast) -> None:
    make_runtime(make_image(cast.everyone), platform_state="DISABLED", platform_reason="CVE-2026-9")
    response = cast.client("admin").post("/workspaces/global/runtimes/mojo/enable/", {"reason": "please"})
    assert response.status_code == 409
    assert "CVE-2026-9" in response.context["refusal"]
    assert "config.deployer.composition.runtimes.mojo" in response.context["refusal"]


def bulk(client: Client, **posted: Any) -> Any:
    return client.post(f"{LIST}bulk/", posted)


def hidden(response: Any) -> dict[str, Any]:
    carried: dict[str, Any] = {}
    for name, value in response.context["hidden"]:
        carried.setdefault(name, []).append(value)
    return carried


def test_bulk_over_a_filter_changes_exactly_those_it_named(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    for number in range(60):
        make_runtime(image, f"r{number}", model_type="vllm_config" if number % 2 else "h2o3_mojo")
    asked = bulk(operator, verb="disable", matching="1", filter="model_type=vllm_config")
    assert asked.status_code == 200
    assert "30 runtimes" in asked.context["subject"]
    assert Runtime.objects.filter(state="DISABLED").count() == 0
    done = bulk(operator, **hidden(asked), reason="CVE")
    assert done.status_code == 302
    assert set(Runtime.objects.filter(state="DISABLED").values_list("model_type", flat=True)) == {"vllm_config"}
    assert AuditEntry.objects.filter(verb="disable").count() == 30


def test_bulk_leaves_out_what_is_inherited_but_for_platform_admins(cast: Cast, operator: Client) -> None:
    make_runtime(make_image(cast.workspace), "mine")
    make_runtime(make_image(cast.everyone, "shared"), "shared")
    page = operator.get(LIST)
    assert page.context["changeable_count"] == 1
    assert b'aria-label="Select Mine"' in page.content
    assert b'aria-label="Select Shared"' not in page.content
    asked = bulk(operator, verb="disable", matching="1", filter="")
    assert "1 runtime" in asked.context["subject"]
    assert bulk(operator, **hidden(asked), reason="CVE").status_code == 302
    assert list(Runtime.objects.filter(state="DISABLED").values_list("uid", flat=True)) == ["mine"]
    assert cast.client("admin").get(LIST).context["changeable_count"] == 2
    assert b'id="bulk"' not in cast.client("viewer").get(LIST).content


def test_bulk_asks_again_when_what_was_chosen_has_changed(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    make_runtime(image, "a")
    asked = bulk(operator, verb="disable", matching="1", filter="")
    make_runtime(image, "b")
    again = bulk(operator, **hidden(asked), reason="CVE")
    assert again.status_code == 200
    assert "2 runtimes" in again.context["warning"]
    assert not Runtime.objects.filter(state="DISABLED").exists()


def test_bulk_lists_each_row_that_refuses_and_changes_none(cast: Cast) -> None:
    admin = cast.client("admin")
    image = make_image(cast.everyone)
    for uid in ("a", "b"):
        make_runtime(image, uid, platform_state="DISABLED", platform_reason="CVE")
    make_runtime(image, "c", api_state="DISABLED")
    address = "/workspaces/global/runtimes/bulk/"
    asked = admin.post(address, {"verb": "enable", "matching": "1", "filter": ""})
    done = admin.post(address, hidden(asked) | {"reason": "back"})
    assert done.status_code == 409
    assert "2 of 3" in done.context["refusal"]
    assert Runtime.objects.filter(state="DISABLED").count() == 3


def test_bulk_of_nothing_or_of_other_workspaces_is_refused(cast: Cast, operator: Client) -> None:
    theirs = make_runtime(make_image(cast.other))
    assert bulk(operator, verb="disable").status_code == 409
    assert bulk(operator, verb="disable", row=[theirs.name]).status_code == 409
    assert bulk(operator, verb="explode", row=[theirs.name]).status_code == 302


def test_more_than_a_transaction_may_hold_is_refused_before_anybody_gives_a_reason(
    cast: Cast, operator: Client
) -> None:
    image = make_image(cast.workspace)
    make_model_type()
    fields = {"workspace": cast.workspace, "image": image, "model_type_id": "h2o3_mojo", "display_name": "Many"}
    Runtime.objects.bulk_create(Runtime(uid=f"r{number}", **fields) for number in range(BULK_MAX + 1))
    asked = bulk(operator, verb="disable", matching="1", filter="")
    assert asked.status_code == 409
    assert "At most 10,000" in asked.content.decode()


def test_the_export_holds_the_filtered_rows_and_no_formulas(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    make_runtime(image, "a", display_name="=1+1")
    make_runtime(image, "b", model_type="vllm_config")
    response = operator.get(f"{LIST}export.csv?model_type=h2o3_mojo")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert lines[1].startswith("'=1+1,a,lab,h2o3_mojo")


def test_columns_are_remembered_for_the_person(cast: Cast, operator: Client, runtime: Runtime) -> None:
    assert operator.post(f"{LIST}columns/", {"column": ["nonsense"]}).status_code == 422
    saved = operator.post(f"{LIST}columns/", {"column": ["state"], "next": f"{LIST}?state=ACTIVE"})
    assert saved["Location"] == f"{LIST}?state=ACTIVE"
    assert _shown(operator) == {"state"}
    assert "model_type" in _shown(cast.client("viewer"))


def _shown(person: Client) -> set[str]:
    return {each["key"] for each in person.get(LIST).context["columns"] if each["shown"]}


@pytest.mark.parametrize(
    "query",
    [
        "page=nonsense",
        "rows=-1&sort=evil",
        "rows=99999999999999999999",
        "state=NOPE&model_type=nope&managed_by=nobody",
        "q=%00%ff'%22--",
        "q=" + "x" * 5000,
        "sort=-updated&rows=25",
    ],
)
def test_no_query_string_breaks_the_table(operator: Client, runtime: Runtime, query: str) -> None:
    assert operator.get(f"{LIST}?{query}").status_code in (200, 400)


def test_a_page_token_of_another_list_is_refused_in_words(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    for number in range(30):
        make_runtime(image, f"r{number}")
    token = operator.get(f"{LIST}?rows=25").context["page"].next
    assert len(operator.get(f"{LIST}?rows=25&page={token}").context["page"].rows) == 5
    response = operator.get(f"{LIST}?rows=25&sort=state&page={token}")
    assert response.status_code == 400
    assert "another list" in response.content.decode()


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "\x07", "x" * 201, " "])
def test_names_that_cannot_be_are_told_at_their_field(
    cast: Cast, operator: Client, runtime: Runtime, name: str
) -> None:
    response = operator.post(f"{LIST}mojo/edit/", form(revision="1", display_name=name))
    assert response.status_code == 422
    assert "display_name" in response.context["form"].errors


def test_ten_thousand_variables_are_refused_in_words(operator: Client, runtime: Runtime) -> None:
    many = rows("env", *({"key": f"A{number}", "value": ""} for number in range(10_000)))
    response = operator.post(f"{LIST}mojo/edit/", form(revision="1") | many)
    assert response.status_code == 422
    assert "More than 1,000 rows" in response.content.decode()
    some = rows("env", *({"key": f"A{number}", "value": ""} for number in range(501)))
    response = operator.post(f"{LIST}mojo/edit/", form(revision="1") | some)
    assert response.status_code == 422
    assert "at most 500" in response.content.decode()


def test_search_finds_the_beginnings_of_words(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    make_runtime(image, "credit-limits", display_name="Credit limits / EU")
    make_runtime(image, "churn", display_name="Churn")

    def found(text: str) -> list[str]:
        return [row.uid for row in operator.get(LIST, {"q": text}).context["page"].rows]

    assert found("lim cred") == ["credit-limits"]
    assert found("eu") == ["credit-limits"]
    assert found("imits") == []
    assert found("& | !") == ["churn", "credit-limits"], "nothing to search for is no filter"


@pytest.mark.parametrize(
    "button", [{"add": "security"}, {"remove": "security-0"}, {"remove": "env-²"}, {"remove": f"env-{'9' * 5000}"}]
)
def test_no_button_that_we_did_not_make_breaks_the_form(
    operator: Client, runtime: Runtime, button: dict[str, str]
) -> None:
    assert operator.post(f"{LIST}mojo/edit/", form(revision="1") | button).status_code == 200


def test_a_page_size_is_one_of_those_offered(operator: Client, runtime: Runtime) -> None:
    for rows_asked in ("00002599999999", "9" * 400, "²5", "26"):
        assert operator.get(LIST, {"rows": rows_asked}).context["rows"] == 50


def test_a_bulk_change_leads_back_to_the_first_page_and_names_what_really_changed(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace)
    make_runtime(image, "a", api_state="DISABLED")
    make_runtime(image, "b")
    asked = bulk(operator, verb="disable", matching="1", filter="sort=name&page=stale")
    done = operator.post(f"{LIST}bulk/", hidden(asked) | {"reason": "CVE"}, follow=True)
    assert done.redirect_chain[0][0] == f"{LIST}?sort=name"
    assert "1 runtime disabled; 1 already was." in done.content.decode()


def test_a_changed_secret_is_told_without_being_shown(cast: Cast, operator: Client, runtime: Runtime) -> None:
    changed = form(revision="1") | rows("env", {"key": "API_TOKEN", "value": "open"})
    assert cast.client("owner").post(f"{LIST}mojo/edit/", changed).status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.after["environment_variables"]["API_TOKEN"] == f"{MASK} (changed)"
    page = operator.post(f"{LIST}mojo/edit/", form(revision="1", description="Mine"))
    assert page.status_code == 409
    assert f"{MASK} (changed)" in page.content.decode()
    assert "open" not in str(page.context["conflict"])
