"""Lists by the API: pages of the wanted size whose tokens lead on, and to nowhere else."""

from __future__ import annotations

import pytest

from mlops_console.models import User
from tests.cast import Cast, Program

pytestmark = pytest.mark.django_db
USERS = "/api/authz/v1/users"


def pages(program: Program, **query: str) -> list[list[str]]:
    """The names on each page, walked as the published client walks them."""
    found: list[list[str]] = []
    token = ""
    while len(found) < 20:
        answer = program.get(USERS, **query, **({"pageToken": token} if token else {}))
        assert answer.status == 200
        found.append([each["loginPrincipal"] for each in answer.json["users"]])
        token = answer.json.get("nextPageToken", "")
        if not token:
            break
    return found


@pytest.fixture
def crowd(cast: Cast) -> Cast:
    User.objects.bulk_create(User(username=f"u{number:03}", password="!") for number in range(115))
    return cast


@pytest.mark.parametrize(
    ("query", "sizes"),
    [
        pytest.param({}, [50, 50, 20], id="as the client asks"),
        pytest.param({"pageSize": ""}, [50, 50, 20], id="empty"),
        pytest.param({"pageSize": "0"}, [50, 50, 20], id="zero is the default"),
        pytest.param({"pageSize": "40"}, [40, 40, 40], id="the last page is full"),
        pytest.param({"pageSize": "1000"}, [120], id="most"),
        pytest.param({"pageSize": "30", "filter": "login_principal:'u0'"}, [30, 30, 30, 10], id="filtered"),
        pytest.param({"filter": ""}, [50, 50, 20], id="an empty filter filters nothing"),
        pytest.param({"filter": "login_principal = 'nobody'"}, [0], id="nobody"),
    ],
)
def test_the_pages_together_hold_each_row_once(crowd: Cast, query: dict[str, str], sizes: list[int]) -> None:
    found = pages(crowd.api("admin"), **query)
    assert [len(page) for page in found] == sizes
    names = [name for page in found for name in page]
    assert names == sorted(set(names))


def test_an_order_that_leaves_ties_still_shows_each_row_once(crowd: Cast) -> None:
    found = pages(crowd.api("admin"), orderBy="display_name desc, create_time")
    names = [name for page in found for name in page]
    assert len(names) == len(set(names)) == 120


@pytest.mark.parametrize("size", ["1001", "-1", "x", "1.5", "１", "9" * 30, "+5", " 5"])
def test_a_size_that_is_none_is_refused(cast: Cast, size: str) -> None:
    assert cast.api("admin").get(USERS, pageSize=size).error(400, 3).startswith("pageSize: ")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"filter": "login_principal:'u'"}, id="another filter"),
        pytest.param({"orderBy": "login_principal desc"}, id="another order"),
    ],
)
def test_a_page_token_belongs_to_its_filter_and_order(crowd: Cast, other: dict[str, str]) -> None:
    program = crowd.api("admin")
    token = program.get(USERS).json["nextPageToken"]
    assert program.get(USERS, pageToken=token, **other).error(400, 3).startswith("pageToken: ")
    assert program.get(USERS, pageToken=token, pageSize="7").status == 200


def test_a_page_token_belongs_to_its_list(crowd: Cast) -> None:
    program = crowd.api("admin")
    token = program.get(USERS).json["nextPageToken"]
    for path in ("/api/authz/v1/workspaces", "/api/runtime/v1/workspaces/lab/runtimes"):
        program.get(path, pageToken=token).error(400, 3)


@pytest.mark.parametrize("change", ["x{}", "{}x", "é", "a:b:c", "{}:", "%s"])
def test_a_page_token_that_was_edited_is_refused(crowd: Cast, change: str) -> None:
    program = crowd.api("admin")
    token = program.get(USERS).json["nextPageToken"]
    assert program.get(USERS, pageToken=change.format(token)).error(400, 3).startswith("pageToken: ")


@pytest.mark.parametrize("path", [USERS, "/api/authz/v1/workspaces", "/api/authz/v1/workspaces:count"])
@pytest.mark.parametrize("text", ["nonsense = 1", "display_name", "NOT display_name = 'x'", "(", "display_name = 'x"])
def test_a_filter_that_says_nothing_is_refused(cast: Cast, path: str, text: str) -> None:
    assert cast.api("admin").get(path, filter=text).error(400, 3).startswith("filter: ")


@pytest.mark.parametrize("text", ["nonsense", "display_name descending", ",", "display_name,display_name"])
def test_an_order_that_says_nothing_is_refused(cast: Cast, text: str) -> None:
    assert cast.api("admin").get(USERS, orderBy=text).error(400, 3).startswith("orderBy: ")
