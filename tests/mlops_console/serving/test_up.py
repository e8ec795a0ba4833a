"""`manage.py up` as a person starts it: ready, complete, and gone without a trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from deployments.engines.contract import Wanted, Workload
from deployments.engines.local.engine import LocalEngine
from tests.mlops_console.machine import as_nobody, eventually, needs_proc, needs_root, processes_naming
from tests.mlops_console.serving.console import Console, environment, failing, running, up

pytestmark = needs_proc


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that outlives the consoles on it."""
    return tmp_path_factory.mktemp("console") / "data"


@pytest.fixture(scope="module")
def first(data_dir: Path) -> Iterator[Console]:
    """The first start with demo data on an empty folder."""
    with running(data_dir, "--demo", "--port", "0") as console:
        yield console
        if console.process.poll() is None:
            assert console.stop(signal.SIGTERM) == 0


def test_it_picks_a_port_and_answers(first: Console) -> None:
    assert first.port > 0
    assert first.get("/healthz") == (200, '{"status": "ok"}')
    assert first.get("/readyz") == (200, "ready\n")


def test_the_first_page_has_its_styles(first: Console) -> None:
    status, page = first.get("/accounts/login/")
    assert status == 200
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert first.get(sheet)[0] == 200


def test_demo_json_tells_how_to_sign_in(first: Console) -> None:
    note = first.note()
    assert list(note) == ["url", "password", "tokens", "workspace", "other_workspace"]
    assert note["url"] == first.url
    assert list(note["tokens"]) == ["admin", "operator", "viewer", "stranger"]
    assert (first.data_dir / "demo.json").stat().st_mode & 0o777 == 0o600
    assert (first.data_dir / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_second_console_finds_the_port_taken(first: Console, tmp_path: Path) -> None:
    code, said = failing(up(tmp_path / "data", "--port", str(first.port)))
    assert (code, said.count("\n")) == (2, 1)
    assert f"port {first.port} on 127.0.0.1 is taken" in said


def test_everything_of_the_demo_comes_up_but_what_is_asleep(first: Console) -> None:
    assert eventually(lambda: set(first.healths()) == {"HEALTHY", "STOPPED"}, seconds=60), first.healths()
    healths = first.healths()
    assert (len(healths), healths.count("STOPPED")) == (12, 1)
    assert len(first.scorers()) == 17


def test_traffic_of_the_demo_is_answered(first: Console) -> None:
    assert eventually(lambda: first.healths().count("HEALTHY") == 11, seconds=60), first.healths()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo_traffic", "--rate", "50", "--seconds", "2"]
    env = environment(DATA_DIR=str(first.data_dir))
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    told = re.fullmatch(r"Sent (\d+) requests to 11 deployments in 2\.\d s: (\d+) answered, 0 failed; .*\n", said)
    assert told, said
    assert int(told[1]) == int(told[2]) > 40


def test_a_killed_worker_is_followed_by_another(first: Console) -> None:
    (worker,) = processes_naming("manage.py run_worker", within=first.data_dir)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: set(processes_naming("manage.py run_worker", within=first.data_dir)) - {worker})
    assert first.get("/healthz")[0] == 200
    assert len(first.scorers()) == 17


def test_a_killed_database_comes_back(first: Console) -> None:
    os.kill(int((first.data_dir / "postgres/data/postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    assert eventually(lambda: first.get("/readyz")[0] == 200)
    first.sql("UPDATE deployments_deployment SET paused = true WHERE display_name = 'Churn'")
    first.sql("UPDATE deployments_lease SET look_at = now()")
    assert eventually(lambda: first.healths().count("STOPPED") == 2, seconds=30), first.healths()


@needs_root
def test_another_user_runs_a_console_beside_ours(first: Console) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "nobody")
        with running(Path(folder) / "data", "--port", "0", prefix=as_nobody([])) as theirs:
            assert theirs.get("/healthz")[0] == first.get("/healthz")[0] == 200
            assert theirs.stop(signal.SIGTERM) == 0
        assert not processes_naming(folder)


def test_sigterm_leaves_no_process_and_a_second_start_keeps_everything(first: Console) -> None:
    before = first.note()
    assert first.stop(signal.SIGTERM) == 0
    assert not processes_naming(first.data_dir)
    with running(first.data_dir, "--demo", "--port", "0") as second:
        after = second.note()
        assert {**before, "url": second.url} == after
        assert eventually(lambda: len(second.scorers()) == 16, seconds=60)
        # Ctrl-C in a terminal goes to the whole process group
        assert second.stop(signal.SIGINT) == 0
    assert not processes_naming(first.data_dir)


def test_after_a_kill_it_starts_again_on_the_same_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with running(tmp_path, "--port", str(port)) as killed:
        assert killed.url == f"http://127.0.0.1:{port}"
        assert not (tmp_path / "demo.json").exists()
        assert not killed.scorers()
        leftover = LocalEngine(tmp_path / "engine")
        workload = Workload(key="a-1", composition="a", version="v1.0.0", image="scorer:1.0.0")
        leftover.apply(Wanted("gone", (workload,), None))
        assert eventually(killed.scorers)
        killed.stop(signal.SIGKILL)
        left = killed.scorers()
        assert left
        with running(tmp_path, "--port", str(port)) as console:
            assert console.get("/healthz")[0] == 200
            assert not leftover.deployments()
            assert left.keys().isdisjoint(processes_naming(tmp_path))
            assert console.stop(signal.SIGTERM) == 0
    assert eventually(lambda: not processes_naming(tmp_path))


def test_of_two_consoles_on_one_folder_only_the_last_stops_the_scorers(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path / "engine")
    workload = Workload(key="a-1", composition="a", version="v1.0.0", image="scorer:1.0.0")
    with running(tmp_path, "--port", "0") as first, running(tmp_path, "--port", "0") as second:
        engine.apply(Wanted("shared", (workload,), None))
        assert eventually(first.scorers)
        assert first.stop(signal.SIGTERM) == 0
        assert second.scorers()
        assert second.stop(signal.SIGTERM) == 0
        assert not second.scorers()
    assert eventually(lambda: not processes_naming(tmp_path))


def test_a_command_stops_the_database_that_it_started(tmp_path: Path) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate"]
    subprocess.run(command, env=environment(DATA_DIR=str(tmp_path)), check=True, capture_output=True, timeout=60)
    assert not processes_naming(tmp_path)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        pytest.param({"DEBUG": "maybe"}, "DEBUG is 'maybe'; allowed: true, false, 1 or 0", id="flag"),
        pytest.param(
            {"SESSION_HOURS": "0"}, "SESSION_HOURS is '0'; allowed: a whole number from 1 to 2160", id="bounds"
        ),
        pytest.param({"SECRET_KEY": "short"}, "SECRET_KEY is '…'; allowed: at least 50 characters", id="short-key"),
        pytest.param({"METRICS_TOKEN": "hunter2"}, "METRICS_TOKEN is '…'; allowed: at least 32", id="short-token"),
        pytest.param({"DATABASE_URL": "mysql://u:hunter2@h/d"}, "DATABASE_URL is 'mysql://…@h/d'", id="database"),
        pytest.param({"RUNTIMES_VALUES": "/no/such.yaml"}, "a file that exists and can be read", id="no-file"),
        pytest.param({"ENGINE": "docker"}, "ENGINE is 'docker'; allowed: local, kubernetes", id="engine"),
        pytest.param(
            {"ENGINE": "kubernetes"}, "KUBERNETES_GATEWAY is ''; allowed: the Gateway's namespace/name", id="cluster"
        ),
        pytest.param({"STATIC_ROOT": "/proc/no"}, "static files /proc/no cannot be used", id="static-files"),
        pytest.param(
            {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/d"}, "the database does not answer", id="unreachable"
        ),
    ],
)
def test_a_bad_setting_is_one_line_and_exit_code_2(tmp_path: Path, env: dict[str, str], said: str) -> None:
    code, stderr = failing(up(tmp_path / "data", "--port", "0"), **env)
    assert (code, stderr.count("\n")) == (2, 1)
    assert said in stderr
    assert "hunter2" not in stderr


def test_a_data_folder_that_is_a_file_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    code, stderr = failing(up(tmp_path / "data", "--port", "0"))
    assert (code, stderr.count("\n")) == (2, 1)
    assert f"{tmp_path / 'data'} cannot be used" in stderr


@needs_root
@pytest.mark.parametrize("key", ["", "k" * 50], ids=["own-key", "key-given"])
def test_a_folder_one_may_not_write_to_is_one_line_and_exit_code_2(key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        code, stderr = failing(as_nobody(up(Path(folder) / "data", "--port", "0")), SECRET_KEY=key)
    assert (code, stderr.count("\n")) == (2, 1)
    assert f"{folder}/data cannot be used: Permission denied" in stderr


@pytest.mark.parametrize("port", ["http", "65536", "-1"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    code, stderr = failing(up(tmp_path / "data", f"--port={port}"))
    assert code == 2
    assert "is no port" in stderr


def test_an_engine_that_is_none_is_refused(tmp_path: Path) -> None:
    code, stderr = failing(up(tmp_path / "data", "--engine", "docker"))
    assert (code, stderr.count("\n")) == (2, 1)
    assert "ENGINE is 'docker'; allowed: local, kubernetes" in stderr


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    code, stderr = failing(up(tmp_path / "data", "--port", "0", "--host", "192.0.2.1"))
    assert (code, stderr.count("\n")) == (2, 1)
    assert "cannot listen on 192.0.2.1" in stderr
