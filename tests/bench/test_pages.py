"""The measurement: that it asks for everything and ends, that it counts right, and what it says was met or missed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest

from bench.asking import console, timing, wrk
from bench.asking.case import Case, Group, Variant
from bench.asking.export import Exported
from bench.asking.report import markdown
from bench.asking.results import Result, Results
from bench.asking.targets import judge
from bench.asking.timing import Timed, contenders, time_all
from bench.asking.visitor import Ask, Visitor
from tests.mlops_console.machine import eventually, needs_proc, processes_naming
from tests.mlops_console.serving.console import environment

if TYPE_CHECKING:
    from bench.asking.world import World

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 400


@needs_proc
def test_a_small_run_asks_for_everything_and_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.pages", "--sizes=300", "--deployments=60", "--audit=300", "--requests=2"]
    command += ["--wrk=0", f"--out={tmp_path}", f"--data-dir={tmp_path / 'data'}"]
    subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=SECONDS_MAX, check=True
    )
    said = json.loads((tmp_path / "pages.json").read_text())
    by_case: dict[str, set[str]] = {}
    for row in said["rows"]:
        assert row["timed"]["requests"] == 2
        by_case.setdefault(row["case"], set()).add(row["variant"])
    assert by_case["runtimes, first page"] == {"console", "fragment", "floor", "admin"}
    assert by_case["audit, middle page"] == {"console", "fragment", "floor"}
    assert by_case["API: 1000 runtimes, deep page"] == by_case["API: change of state"] == {"console", "floor"}
    assert by_case["preview of 3 compositions, page"] == {"console"}
    assert by_case["all workspaces, count of a search, common word"] == {"console", "floor"}
    assert len(by_case) > 80
    assert said["faults"] == {}
    assert len(said["memory"]) == 2
    assert said["export"]["rows"] == said["sizes"][0] == 300
    assert "| list pages against the floor |" in (tmp_path / "pages.md").read_text()
    # Neither a web server nor a database goes on.
    assert eventually(lambda: not processes_naming("", within=tmp_path), seconds=60)


@needs_proc
def test_a_run_that_is_stopped_keeps_what_it_has_measured_and_leaves_nothing(tmp_path: Path) -> None:
    passing, out = tmp_path / "tmp", tmp_path / "out"
    passing.mkdir()
    command = [sys.executable, "-m", "bench.pages", "--sizes=300", "--deployments=60", "--audit=0", "--wrk=0"]
    command += ["--only=^API: (me|get|count)$", "--requests=1000000", f"--out={out}"]
    env = environment() | {"TMPDIR": str(passing)}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr
        lines = iter(run.stderr)
        assert any(line.startswith("1 of 3: ") for line in lines)
        run.terminate()
        for _ in lines:
            pass
        assert run.wait(SECONDS_MAX) == 143
    assert list(passing.iterdir()) == []
    assert len(json.loads((out / "pages.json").read_text())["rows"]) == 2
    assert eventually(lambda: not processes_naming("", within=tmp_path), seconds=60)


def results(**console: float) -> Results:
    """A run of one list at two sizes; the floor takes 10 ms, the admin 100 ms, the first page at 1,000 rows 15 ms."""
    found = Results(command="", sizes=[1_000, 100_000, 1_000_000])
    medians = {1_000: 15.0, 100_000: 15.0, 1_000_000: 15.0} | {int(size[1:]): each for size, each in console.items()}
    for size, median in medians.items():
        for variant, timed in (
            (Variant.CONSOLE, Timed(50, median, median * 1.5, 59_000)),
            (Variant.FLOOR, Timed(50, 10.0, 11.0, 40_000)),
            (Variant.ADMIN, Timed(50, 100.0, 110.0, 90_000)),
        ):
            found.rows.append(Result(size, "first page", Group.LIST, variant, True, timed))
    return found


def missed(found: Results) -> set[str]:
    return {verdict.target for verdict in judge(found) if not verdict.is_met}


def test_a_run_that_meets_every_target_says_so() -> None:
    found = results()
    found.memory = [100 * 2**20, 129 * 2**20]
    found.export = Exported(100_000, 4.9, 0.1, 100 * 2**20, 110 * 2**20)
    assert missed(found) == set()
    assert "missed" not in markdown(found)
    assert "## Missed" not in markdown(found)


@pytest.mark.parametrize(
    ("console", "target"),
    [
        ({"n1000000": 19.6}, "lists at 1,000,000 runtimes against 1,000"),
        ({"n100000": 20.1}, "lists against Django's admin at 100,000 runtimes"),
        ({"n1000": 20.1}, "list pages against the floor"),
    ],
)
def test_what_is_just_too_slow_is_missed(console: dict[str, float], target: str) -> None:
    found = results(**console)
    assert target in missed(found)
    assert f"| {target} |" in markdown(found).partition("## Missed")[2]


@pytest.mark.parametrize(
    ("timed", "group", "target"),
    [
        (Timed(50, 10.0, 16.1, 10), Group.PAGE, "p95 against the median"),
        (Timed(50, 151.0, 160.0, 10), Group.PREVIEW, "previews of upgrades"),
        (Timed(50, 10.0, 11.0, 60_001), Group.LIST, "weight of list pages"),
    ],
)
def test_one_answer_can_miss_a_target(timed: Timed, group: Group, target: str) -> None:
    found = Results(command="", sizes=[1_000])
    found.rows.append(Result(1_000, "it", group, Variant.CONSOLE, False, timed))
    assert missed(found) == {target}


def test_a_report_stands_below_a_heading_and_names_what_failed() -> None:
    found = results()
    found.faults["audit, by verb"] = "GET /audit/ answered 500"
    text = markdown(found)
    assert "- audit, by verb: GET /audit/ answered 500" in text.partition("### Failed")[2]
    assert {line.partition(" ")[0] for line in text.splitlines() if line.startswith("#")} == {"###"}
    cells = ("15.0 ms", "15.0 ms", "15.0 ms", "1.00", "22.5 ms", "10.0 ms", "1.50", "100.0 ms", "0.15", "59.0 KB")
    assert f"| first page | {' | '.join(cells)} | – | – |" in text


def test_memory_and_export_can_miss_theirs() -> None:
    found = Results(command="", sizes=[1_000], memory=[1, 131 * 2**20])
    found.export = Exported(100_000, 5.1, 0.1, 100 * 2**20, 120 * 2**20)
    assert missed(found) == {"memory of a web worker", "CSV export", "memory that the CSV export takes"}


class _Listener(BaseHTTPRequestHandler):
    """Answers as it is told to and remembers what it was asked."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str, str, str, str | None]]] = []
    status: ClassVar[int] = 200

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append((self.command, self.path, body, self.headers.get("Authorization")))
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of http.server

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Visitor]:
    """Somebody with a connection to a server that remembers."""
    _Listener.asked.clear()
    _Listener.status = 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    visitor = Visitor(server.server_address[1])
    yield visitor
    visitor.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_admin_gets_less_time_than_those_who_are_judged(listener: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "ADMIN_SECONDS_MAX", 0.0)
    asks = [Ask("/")]
    case = Case("it", Group.LIST, {Variant.CONSOLE: asks, Variant.ADMIN: asks})
    found = contenders(case, 1_000, listener)
    time_all(found, 20)
    assert [each.timed().requests for each in found] == [20, timing.ADMIN_REQUESTS_MIN]


ASKS = [Ask("/a?b=%C3%A4", "POST", {"Authorization": "Bearer t"}, '{"c": "\\"d\\n"}'), Ask("/e", "PATCH", {}, "f")]


def test_contenders_take_turns_and_go_round_their_requests(listener: Visitor) -> None:
    case = Case("it", Group.WRITE, {Variant.CONSOLE: ASKS, Variant.FLOOR: [Ask("/floor")]})
    found = contenders(case, 1_000, listener)
    time_all(found, 12)
    paths = [path for _, path, _, _ in _Listener.asked]
    warmed, timed = paths[:16], paths[16:]
    assert warmed == ["/a?b=%C3%A4", "/e"] * 4 + ["/floor"] * 8
    # Before ten that count comes one that does not, and so before the last two.
    assert timed[11:22] == ["/floor"] * 11
    assert timed[22:] == ["/e", "/a?b=%C3%A4", "/e", *["/floor"] * 3]
    assert [each.timed().requests for each in found] == [12, 12]
    assert found[0].timed().weight == 2


def test_an_answer_that_is_not_200_ends_the_measurement(listener: Visitor) -> None:
    _Listener.status = 500
    case = Case("it", Group.PAGE, {Variant.CONSOLE: [Ask("/broken")]})
    with pytest.raises(RuntimeError, match="GET /broken answered 500"):
        time_all(contenders(case, 1_000, listener), 1)


@pytest.mark.parametrize(("limit", "times"), [(0.0, 2), (1_000.0, 1)])
def test_a_case_beyond_the_limit_of_p95_is_measured_once_more(
    listener: Visitor, monkeypatch: pytest.MonkeyPatch, limit: float, times: int
) -> None:
    monkeypatch.setattr(console, "SPREAD", limit)
    case = Case("it", Group.PAGE, {Variant.CONSOLE: [Ask("/")], Variant.FLOOR: [Ask("/floor")]})
    opened = console._Open(cast("World", SimpleNamespace(runtimes=1_000)), listener, {"it": case})
    found = Results(command="", sizes=[1_000])
    console._measure_one([opened], "it", found, 10)
    assert len(_Listener.asked) == times * 2 * (8 + 1 + 10)
    assert [each.timed.requests for each in found.rows] == [10, 10]
    assert found.again == ["it"] * (times - 1)
    assert ("measured again" in markdown(found)) is (times == 2)


@pytest.mark.skipif(not wrk.is_installed(), reason="wrk is not installed: apt-get install wrk")
def test_wrk_sends_the_same_requests(listener: Visitor) -> None:
    assert wrk.per_second(listener, ASKS, 1) > 0
    sent = set(_Listener.asked)
    assert sent == {("POST", "/a?b=%C3%A4", '{"c": "\\"d\\n"}', "Bearer t"), ("PATCH", "/e", "f", None)}
    _Listener.status = 409
    with pytest.raises(RuntimeError, match="Non-2xx"):
        wrk.per_second(listener, ASKS, 1)
