"""The web server as a pod runs it: what its probes say of its database, and what its processes count together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from tests.mlops_console.machine import eventually, needs_proc
from tests.mlops_console.observing.samples import Samples, labels_of, total, value
from tests.mlops_console.serving.console import environment
from tests.mlops_console.serving.web import TOKEN, Server, Web, command, server, web

pytestmark = needs_proc
# Path, method, status and the name that it is counted under; none of them needs the database.
ASKED = [
    ("/accounts/login/", "GET", 200, "login"),
    ("/accounts/login/", "HEAD", 200, "login"),
    ("/version", "GET", 200, "version"),
    ("/workspaces/lab/runtimes/", "GET", 302, "runtimes:runtime-list"),
    ("/workspaces/other/runtimes/", "GET", 302, "runtimes:runtime-list"),
    ("/static/console.css", "GET", 200, "static"),
    ("/static/{}.css", "GET", 404, "unmatched"),
    ("/nowhere/{}", "GET", 404, "unmatched"),
    ("/api/nowhere/{}", "GET", 401, "api-nowhere"),
    ("/version", "POST", 403, "version"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("database") / "postgres") as made:
        yield made


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of pages are collected, as in an image."""
    folder = tmp_path_factory.mktemp("web") / "data"
    command("collectstatic", "--no-input", DATA_DIR=str(folder))
    return folder


@pytest.fixture(scope="module")
def running(data_dir: Path, database: Server) -> Iterator[Web]:
    with web(data_dir, database.url, WEB_WORKERS="2") as made:
        yield made


def ask_all(running: Web, times: int) -> Counter[tuple[str, str, str]]:
    """Ask for everything so many times from eight clients at once; answers what is to be counted for it."""
    orders = [(path.format(number), method) for number in range(times) for path, method, _, _ in ASKED]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda order: running.ask(*order)[0], orders))
    assert answers == [status for _ in range(times) for _, _, status, _ in ASKED]
    return Counter((method, route, str(status)) for _ in range(times) for _, method, status, route in ASKED)


def counted(told: Samples) -> Counter[tuple[str, str, str]]:
    """What a scrape tells of requests."""
    found = [(dict(has), each) for (name, has), each in told.items() if name == "mlops_console_http_requests_total"]
    return Counter({(has["method"], has["route"], has["status"]): int(each) for has, each in found})


def has_two_without(running: Web, killed: int) -> bool:
    """Whether another has come in the place of one."""
    return killed not in running.workers() and len(running.workers()) == 2


def test_a_server_before_its_migrations_lives_and_is_not_ready(running: Web, database: Server) -> None:
    assert running.is_alive()
    status, said = running.readiness()
    assert status == 503
    assert said.startswith("migrations: ")
    assert "not applied, the first is " in said
    assert value(running.scrape(), "database_up") == 0
    database.migrate()
    assert running.readiness() == (200, "ready\n")
    assert value(running.scrape(), "database_up") == 1


def test_two_processes_under_load_tell_the_sum_of_what_they_answered(running: Web) -> None:
    expected = counted(running.scrape())
    for _ in range(20):
        expected += ask_all(running, 10)
        if len(list(running.folders()[0].glob("counter_*.db"))) == 2:
            break
    assert len(list(running.folders()[0].glob("counter_*.db"))) == 2
    # Whichever of the two is asked.
    for _ in range(10):
        told = running.scrape()
        assert counted(told) == expected
        assert total(told, "http_request_duration_seconds_count") == expected.total()
        assert total(told, "http_request_duration_seconds_bucket", le="+Inf") == expected.total()
    assert labels_of(told, "http_requests_total", "route") == {route for _, _, _, route in ASKED}


def test_sums_outlive_the_processes_that_counted(running: Web) -> None:
    expected = counted(running.scrape())
    files = sorted(file.name for file in running.folders()[0].iterdir())
    for _ in range(3):
        killed = min(running.workers())
        os.kill(killed, signal.SIGKILL)
        assert eventually(partial(has_two_without, running, killed), seconds=60)
        expected += ask_all(running, 5)
        assert counted(running.scrape()) == expected
    assert sorted(file.name for file in running.folders()[0].iterdir()) == files


def test_while_it_counts_a_scrape_never_tells_less_than_the_one_before(running: Web) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask_all, running, 30)
        last = 0.0
        while not asking.done():
            now = total(running.scrape(), "http_requests_total")
            assert now >= last
            last = now
        asking.result()


def test_a_database_that_hangs_or_is_gone_is_no_reason_to_die_but_to_get_no_requests(
    running: Web, database: Server
) -> None:
    assert running.readiness() == (200, "ready\n")
    with database.hanging():
        assert running.readiness() == (503, "database: no answer within 2 seconds\n")
        asked = database.connections()
        for _ in range(4):
            assert running.readiness()[0] == 503  # in other words once a connection has been given up
        # Of the two processes, each asks again only when its last question has come to an end.
        assert database.connections() - asked <= 2
        assert running.is_alive()
        told = running.scrape()
    assert value(told, "database_up") == 0
    assert not any(name == "mlops_console_rollouts" for name, _ in told)
    assert total(told, "http_requests_total") > 0
    assert eventually(lambda: running.readiness()[0] == 200, seconds=60)

    running.log.write_bytes(b"")
    database.stop()
    for _ in range(20):
        assert running.readiness() == (503, "database: it does not answer; the log tells why\n")
        assert running.is_alive()
    assert value(running.scrape(), "database_up") == 0
    said = running.log.read_text().splitlines()
    # Likewise.
    assert 1 <= len(said) <= 2
    assert all("Not ready, as the database does not answer: " in line for line in said)
    database.start()
    assert eventually(lambda: running.readiness()[0] == 200, seconds=60)
    assert value(running.scrape(), "database_up") == 1


def test_each_server_on_a_data_folder_counts_for_itself_and_clears_what_killed_ones_left(
    running: Web, database: Server
) -> None:
    (ours,) = running.folders()
    before = counted(running.scrape())
    with web(running.data_dir, database.url, WEB_WORKERS="1") as killed:
        assert killed.ask("/version")[0] == 200
        assert total(killed.scrape(), "http_requests_total") == 1
        assert len(running.folders()) == 2
        workers = killed.workers()
        killed.process.kill()
        killed.process.wait()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        left = set(running.folders()) - {ours}
        assert len(left) == 1
    with web(running.data_dir, database.url, WEB_WORKERS="1") as next_one:
        assert left.isdisjoint(running.folders())
        assert ours in running.folders()
        assert total(next_one.scrape(), "http_requests_total") == 0
        next_one.process.terminate()
        assert next_one.process.wait(60) == 0
    assert running.folders() == [ours]
    assert counted(running.scrape()) == before


def test_a_folder_that_it_cannot_count_in_is_named(running: Web, database: Server, tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("")
    with pytest.raises(OSError), web(tmp_path, database.url):  # noqa: PT011 - reset or refused, as it may be
        pass
    assert f"the folder {tmp_path}/metrics cannot be used: File exists" in (tmp_path / "web.log").read_text()


def test_the_token_is_told_nowhere(running: Web) -> None:
    assert running.ask("/metrics", Authorization=f"Bearer {TOKEN[:-1]}")[0] == 401
    assert TOKEN[:-1] not in running.log.read_text()


def test_before_it_forks_all_is_loaded_and_passed_over_by_the_collector(data_dir: Path) -> None:
    lines = (
        "import gc, sys",
        "from mlops_console import wsgi",
        "from mlops_console.serving import gunicorn",
        "gunicorn.when_ready(None)",
        "print(gc.get_freeze_count() > 50_000, 'runtimes.web.urls' in sys.modules)",
    )
    env = environment(DATA_DIR=str(data_dir), PYTHONPATH=str(settings.BASE_DIR))
    said = subprocess.run([sys.executable, "-c", "\n".join(lines)], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "True"]
