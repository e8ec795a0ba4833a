"""The browsable API: JSON for programs, pages for people, and forms that do what they say."""

from __future__ import annotations

import json
from time import perf_counter
from urllib.parse import urlencode

import pytest
from django.test import Client

from mlops_console.models import Workspace
from runtimes.models import Runtime, RuntimeImage
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime
from tests.mlops_console.api.reading import BROWSER, PageOfApi, look, send

pytestmark = pytest.mark.django_db
RUNTIMES = "/api/runtime/v1/workspaces/lab/runtimes"
IMAGES = "/api/runtime/v1/workspaces/lab/runtimeImages"
MOJO = f"{RUNTIMES}/mojo"
WORKSPACES = "/api/authz/v1/workspaces"
HOSTILE = "</code></pre><script>alert(1)</script>\"'&amp;"


@pytest.fixture
def world(cast: Cast) -> Cast:
    make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    return cast


def browser(cast: Cast, role: str) -> Client:
    """Somebody's browser, whose forms are checked as in production."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def submit(client: Client, path: str, page: PageOfApi, method: str, **typed: str) -> PageOfApi:
    """Fill in the form of a page and press its button; `content` is the text area, `q_x` the parameter `x`."""
    names = {"content": "_content"}
    given = {names.get(name, name.replace("q_", "?", 1)): value for name, value in typed.items()}
    return send(client, path, page.forms[method] | given)


class TestNegotiation:
    @pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, */*;q=0.1"])
    def test_programs_get_json(self, world: Cast, accept: str) -> None:
        answer = world.client("viewer").get(MOJO, headers={"Accept": accept})
        assert answer["Content-Type"] == "application/json"
        assert answer.json()["runtime"]["name"] == "workspaces/lab/runtimes/mojo"

    def test_json_is_what_there_is_without_accept(self, world: Cast) -> None:
        assert world.client("viewer").get(MOJO)["Content-Type"] == "application/json"

    def test_a_browser_gets_a_page_with_the_same_headers(self, world: Cast) -> None:
        answer = world.client("viewer").get(MOJO, headers=BROWSER)
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert answer["ETag"] == '"1"'
        assert "Accept" in answer["Vary"]
        assert "default-src 'self'" in answer["Content-Security-Policy"]

    def test_format_in_the_address_wins(self, world: Cast) -> None:
        client = world.client("viewer")
        assert client.get(f"{MOJO}?format=json", headers=BROWSER).json()["runtime"]
        assert client.get(f"{MOJO}?format=api")["Content-Type"].startswith("text/html")
        assert client.get(f"{MOJO}?format=xml").status_code == 404


class TestLinks:
    def test_the_root_leads_to_what_the_caller_may_reach(self, world: Cast) -> None:
        links = look(world.client("operator"), "/api/").links.values()
        assert f"http://testserver{RUNTIMES}" in links
        assert "http://testserver/api/docs/" in links
        assert not any("elsewhere" in link or "workspaces/-" in link for link in links)

    def test_resource_names_lead_to_their_addresses(self, world: Cast) -> None:
        version = f"{IMAGES}/h2o3-mojo/versions/v1.0.0"
        assert look(world.client("viewer"), RUNTIMES).links["workspaces/lab/runtimes/mojo"] == MOJO
        assert (
            look(world.client("viewer"), MOJO).links["workspaces/lab/runtimeImages/h2o3-mojo"] == f"{IMAGES}/h2o3-mojo"
        )
        assert look(world.client("viewer"), f"{IMAGES}/h2o3-mojo").links[version.partition("/v1/")[2]] == version
        people = look(world.client("viewer"), WORKSPACES)
        assert people.links["workspaces/lab"] == f"{WORKSPACES}/lab"
        assert people.links["users/system"] == "/api/authz/v1/users/system"

    def test_what_is_below_and_what_can_be_done(self, world: Cast) -> None:
        image = f"{IMAGES}/h2o3-mojo"
        found = look(world.client("operator"), image).links
        assert found["Versions"] == f"{image}/versions"
        assert found["Deprecate…"] == f"{image}:deprecate"
        assert found["As plain JSON"] == f"{image}?format=json"
        assert "Deprecate…" not in look(world.client("viewer"), image).links
        assert look(world.client("viewer"), f"{WORKSPACES}/lab").links["Runtime images"] == IMAGES

    def test_breadcrumbs_are_the_parts_of_the_path_that_are_addresses(self, world: Cast) -> None:
        found = look(world.client("operator"), f"{IMAGES}/h2o3-mojo/versions/v1.0.0:disable").links
        assert found["API"] == "/api/"
        assert found["runtime/v1/workspaces/lab/runtimeImages"] == IMAGES
        assert found["versions"] == f"{IMAGES}/h2o3-mojo/versions"
        assert found["v1.0.0"] == f"{IMAGES}/h2o3-mojo/versions/v1.0.0"

    def test_a_list_goes_on_under_the_same_query(self, world: Cast) -> None:
        make_runtime(RuntimeImage.objects.get(), "other")
        client = world.client("viewer")
        query = {"filter": "model_type = 'h2o3_mojo'", "pageSize": "1", "orderBy": "display_name desc"}
        page = look(client, RUNTIMES, **query)
        form = next(form for form in page.all_forms if "pageSize" in form.fields)
        assert form.fields == query
        assert page.links["Count"] == f"{RUNTIMES}:count?filter=model_type+%3D+%27h2o3_mojo%27"
        assert "workspaces/lab/runtimes/mojo" not in page.links
        onward = look(client, page.links["Next page"])
        assert "workspaces/lab/runtimes/mojo" in onward.links
        assert "Next page" not in onward.links
        assert "workspaces/lab/runtimes/other" in look(client, onward.links["First page"]).links

    def test_a_wrong_filter_stays_to_be_corrected(self, world: Cast) -> None:
        page = look(world.client("viewer"), RUNTIMES, filter="<no> =")
        assert page.status == 400
        assert page.alert.startswith("filter: ")
        assert next(form for form in page.all_forms if "filter" in form.fields).fields["filter"] == "<no> ="


class TestForms:
    def test_create_by_the_example(self, world: Cast) -> None:
        make_image(world.everyone, "h2oai-h2o3mojo-scorer", versions="v1.0.0")
        client = browser(world, "operator")
        page = submit(client, RUNTIMES, look(client, RUNTIMES), "POST", q_runtimeId="credit")
        assert page.status == 200
        assert Runtime.objects.get(uid="credit").display_name == "Credit scoring"
        assert page.links["workspaces/lab/runtimes/credit"] == f"{RUNTIMES}/credit"
        assert page.forms["POST"]["?runtimeId"] == ""

    def test_change(self, world: Cast) -> None:
        client = browser(world, "operator")
        page = look(client, MOJO)
        typed = json.loads(page.forms["PATCH"]["_content"])
        assert "modelType" not in typed
        assert "state" not in typed
        page = submit(client, MOJO, page, "PATCH", content=json.dumps(typed | {"description": "Scores loans."}))
        assert page.status == 200
        assert Runtime.objects.get().description == "Scores loans."
        assert json.loads(page.forms["PATCH"]["_content"])["description"] == "Scores loans."

    def test_sending_what_is_there_changes_nothing(self, world: Cast) -> None:
        client = browser(world, "owner")
        for path in (MOJO, f"{IMAGES}/h2o3-mojo", f"{WORKSPACES}/lab"):
            before = look(client, path)
            after = submit(client, path, before, "PATCH")
            assert after.status == 200
            assert after.forms["PATCH"]["_content"] == before.forms["PATCH"]["_content"]

    def test_a_change_on_top_of_somebody_elses_is_refused_unless_that_is_wanted(self, world: Cast) -> None:
        client = browser(world, "operator")
        page = look(client, MOJO)
        world.api("owner").patch(MOJO, {"description": "Meanwhile"})
        refused = submit(client, MOJO, page, "PATCH", content='{"description": "Mine"}')
        assert refused.status == 409
        assert refused.alert
        assert refused.forms["PATCH"]["_content"] == '{"description": "Mine"}'
        fields = refused.forms["PATCH"]
        del fields["_if_match"]
        assert send(client, MOJO, fields).status == 200
        assert Runtime.objects.get().description == "Mine"

    def test_delete(self, world: Cast) -> None:
        client = browser(world, "owner")
        page = submit(client, MOJO, look(client, MOJO), "DELETE")
        assert page.status == 200
        assert page.links["Back to the list"] == RUNTIMES
        assert page.forms == {}
        assert not Runtime.objects.exists()

    def test_a_refused_deletion_says_why(self, world: Cast) -> None:
        client, path = browser(world, "owner"), f"{IMAGES}/h2o3-mojo"
        page = submit(client, path, look(client, path), "DELETE")
        assert page.status == 409
        assert "workspaces/lab/runtimes/mojo" in page.alert
        assert "DELETE" in page.forms

    def test_a_verb_is_tried_then_done(self, world: Cast) -> None:
        client, path = browser(world, "operator"), f"{MOJO}:deprecate"
        page = look(client, path)
        assert page.status == 405
        tried = submit(client, path, page, "POST", reason="Old & <tired>", q_dryRun="true")
        assert tried.status == 200
        assert "A dry run" in tried.html
        assert Runtime.objects.get().state == "ACTIVE"
        fields = tried.forms["POST"]
        assert fields["reason"] == "Old & <tired>"
        assert fields.pop("?dryRun") == "true"
        done = send(client, path, fields)
        assert done.status == 200
        assert done.links["workspaces/lab/runtimes/mojo"] == MOJO
        row = Runtime.objects.get()
        assert (row.state, row.state_reason) == ("DEPRECATED", "Old & <tired>")

    def test_what_was_typed_survives_a_refusal(self, world: Cast) -> None:
        client = browser(world, "operator")
        page = look(client, RUNTIMES)
        for content, status in (('{"displayName": ""}', 400), ("{'a': </textarea>", 400), ("[1]", 400), ("", 400)):
            refused = submit(client, RUNTIMES, page, "POST", content=content, q_runtimeId="a b")
            assert refused.status == status
            assert refused.alert
            assert (refused.forms["POST"]["_content"], refused.forms["POST"]["?runtimeId"]) == (content, "a b")
        refused = submit(client, MOJO, look(client, MOJO), "PATCH", content='{"modelType": "other"}')
        assert refused.status == 400
        assert refused.forms["PATCH"]["_content"] == '{"modelType": "other"}'

    def test_several_faults_are_listed_by_field(self, world: Cast) -> None:
        make_model_type()
        client = browser(world, "operator")
        page = submit(client, RUNTIMES, look(client, RUNTIMES), "POST", content='{"displayName": ""}')
        assert "displayName" in page.alert
        assert "<li>" in page.html[page.html.index('role="alert"') :]

    @pytest.mark.parametrize("token", ["", "x" * 64])
    def test_a_form_without_its_token_is_refused(self, world: Cast, token: str) -> None:
        client = browser(world, "owner")
        for method, path in (("POST", RUNTIMES), ("PATCH", MOJO), ("DELETE", MOJO), ("POST", f"{MOJO}:disable")):
            fields = look(client, path).forms[method] | {"csrfmiddlewaretoken": token}
            page = send(client, path, fields)
            assert page.status == 403
            assert page.forms == {}
            assert page.links["Open it"] == path
        runtime = Runtime.objects.get()
        assert (runtime.revision, runtime.state) == (1, "ACTIVE")

    def test_workspaces_too(self, world: Cast) -> None:
        client = browser(world, "admin")
        page = submit(client, WORKSPACES, look(client, WORKSPACES), "POST")
        made = Workspace.objects.get(display_name="Credit risk")
        path = page.links[made.name]
        assert submit(client, path, look(client, path), "PATCH", content='{"annotations": {}}').status == 200
        assert submit(client, path, look(client, path), "DELETE").status == 200
        assert not Workspace.objects.filter(pk=made.pk).exists()


class TestWhoSeesForms:
    @pytest.mark.parametrize(
        ("role", "methods"),
        [("admin", {"PATCH", "DELETE"}), ("owner", {"PATCH", "DELETE"}), ("operator", {"PATCH"}), ("viewer", set())],
    )
    def test_forms_are_for_those_who_may(self, world: Cast, role: str, methods: set[str]) -> None:
        assert set(look(world.client(role), MOJO).forms) == methods

    def test_lists_and_verbs(self, world: Cast) -> None:
        for path in (RUNTIMES, IMAGES, f"{IMAGES}/h2o3-mojo/versions", f"{MOJO}:enable"):
            assert set(look(world.client("operator"), path).forms) == {"POST"}
            assert look(world.client("viewer"), path).forms == {}
        assert "Your role" in look(world.client("viewer"), f"{MOJO}:enable").html

    def test_nothing_is_made_in_all_workspaces_at_once(self, world: Cast) -> None:
        assert look(world.client("admin"), RUNTIMES.replace("lab", "-")).forms == {}

    def test_workspaces_are_made_by_platform_admins_and_changed_by_theirs(self, world: Cast) -> None:
        assert look(world.client("owner"), WORKSPACES).forms == {}
        assert set(look(world.client("admin"), WORKSPACES).forms) == {"POST"}
        assert set(look(world.client("owner"), f"{WORKSPACES}/lab").forms) == {"PATCH", "DELETE"}
        assert look(world.client("operator"), f"{WORKSPACES}/lab").forms == {}

    def test_what_is_inherited_is_changed_by_platform_admins(self, world: Cast) -> None:
        make_runtime(make_image(world.everyone, "shared"), "shared")
        page = look(world.client("owner"), f"{RUNTIMES}/shared")
        assert page.forms == {}
        assert "Disable…" not in page.links
        assert set(look(world.client("admin"), f"{RUNTIMES}/shared").forms) == {"PATCH", "DELETE"}

    def test_what_is_managed_by_values_yaml_has_only_its_state_changed(self, world: Cast) -> None:
        make_runtime(RuntimeImage.objects.get(), "managed", platform_state="ACTIVE")
        page = look(world.client("owner"), f"{RUNTIMES}/managed")
        assert page.forms == {}
        assert "values.yaml" in page.html
        assert "Disable…" in page.links

    def test_programs_get_none(self, world: Cast) -> None:
        for read_only in (False, True):
            client = world.api("owner", read_only=read_only).client
            assert look(client, MOJO).forms == look(client, f"{MOJO}:disable").forms == {}


class TestRefusals:
    def test_nobody_is_asked_to_sign_in(self, world: Cast) -> None:
        for path in ("/api/", MOJO, f"{MOJO}:disable", "/api/nothing"):
            page = look(Client(), f"{path}?filter=a%20b")
            assert page.status == 401
            assert page.alert
            assert page.links["Sign in"] == f"/accounts/login/?{urlencode({'next': f'{path}?filter=a+b'})}"
            assert page.forms == {}

    def test_strangers_and_wrong_addresses_find_nothing(self, world: Cast) -> None:
        for role, path in (("stranger", MOJO), ("owner", f"{RUNTIMES}/nothing"), ("owner", "/api/nothing/at/all")):
            page = look(world.client(role), path)
            assert page.status == 404
            assert page.alert
            assert page.forms == {}
        assert look(world.client("stranger"), f"{MOJO}:disable").forms == {}

    def test_all_workspaces_are_for_platform_admins(self, world: Cast) -> None:
        page = look(world.client("owner"), RUNTIMES.replace("lab", "-"))
        assert (page.status, page.forms) == (403, {})

    def test_a_very_long_address_is_answered_soon(self, world: Cast) -> None:
        started = perf_counter()
        assert look(world.client("owner"), "/api" + "/a" * 900).status == 404
        assert perf_counter() - started < 2


class TestEscaping:
    def test_whatever_a_name_holds_is_only_text(self, world: Cast) -> None:
        Runtime.objects.update(
            display_name=HOSTILE, description=HOSTILE, environment_variables={HOSTILE: HOSTILE}, selector={"a": HOSTILE}
        )
        for path in (RUNTIMES, MOJO):
            html = look(world.client("owner"), path).html
            assert "<script>alert" not in html
            assert "&lt;script&gt;alert(1)" in html
        typed = look(world.client("owner"), MOJO).forms["PATCH"]["_content"]
        assert json.loads(typed)["displayName"] == HOSTILE

    def test_a_text_that_looks_like_a_name_leads_nowhere_else(self, world: Cast) -> None:
        for text in (
            'workspaces/x/runtimes/"onmouseover=alert(1)',
            'http://testserver/api/"><b>',
            "javascript:alert(1)",
        ):
            Runtime.objects.update(description=text)
            page = look(world.client("owner"), MOJO)
            assert "b" not in page.tags
            assert "onmouseover" not in page.attributes
            assert not any(link.startswith("javascript") for link in page.links.values())

    def test_what_was_sent_is_escaped_as_well(self, world: Cast) -> None:
        client = browser(world, "owner")
        page = submit(client, RUNTIMES, look(client, RUNTIMES), "POST", content=HOSTILE, q_runtimeId=HOSTILE)
        assert page.status == 400
        assert "<script>alert" not in page.html
        assert "<script>alert" not in look(client, f"/api/{HOSTILE}", filter=HOSTILE).html


def test_a_thousand_rows_are_shown_at_once(world: Cast) -> None:
    image = RuntimeImage.objects.get()
    Runtime.objects.bulk_create(
        Runtime(
            workspace=world.workspace,
            uid=f"r{number}",
            display_name=f"Runtime {number}",
            model_type_id="h2o3_mojo",
            image=image,
            environment_variables={f"KEY_{each}": "x" * 40 for each in range(10)},
        )
        for number in range(1000)
    )
    client = world.client("owner")
    look(client, RUNTIMES, pageSize="1000")
    started = perf_counter()
    page = look(client, RUNTIMES, pageSize="1000")
    took = perf_counter() - started
    assert len(page.links) > 1000
    assert took < 4, "reading the page in the test included"
