"""The chart's containers, run as processes on what the Dockerfile copies, where they can write to one folder only."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.kubernetes.chart import (
    CATALOGUE,
    MINIMAL,
    ROOT,
    Helm,
    Manifest,
    containers,
    environment,
    granted,
    one,
    pod_specs,
)
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.test_image import copied, lines
from tests.mlops_console.machine import eventually, needs_root
from tests.mlops_console.serving.web import Server, server

pytestmark = pytest.mark.kubernetes
PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"
KEY = "a-key-for-the-tests-of-the-image-" * 2
SECONDS = 60
ANYWHERE = "0.0.0.0"  # noqa: S104 - in a pod; here it is replaced


@pytest.fixture(scope="module")
def rendered(helm: Helm) -> list[Manifest]:
    return helm.render(MINIMAL, CATALOGUE)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app of the image, made by the Dockerfile's own lines but for the installation of packages."""
    folder = tmp_path_factory.mktemp("image") / "app"
    folder.mkdir()
    for source, target in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, folder / target)
    for line in lines():
        if line.word == "RUN" and "collectstatic" in line.rest:
            command = line.rest.replace("/app", str(folder)).replace("/tmp/build", str(folder.parent / "build"))
            subprocess.run(["sh", "-c", command], cwd=folder, env={"PATH": PATH}, check=True)  # noqa: S607
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("database") / "postgres") as made:
        yield made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The one folder that a container can write to; in a pod /tmp is another."""
    (tmp_path / "data" / "tmp").mkdir(parents=True)
    return tmp_path / "data"


def of_the_image(app: Path) -> dict[str, str]:
    """The variables that the image sets, for the tests' own Python."""
    set_there = " ".join(line.rest for line in lines() if line.stage == 2 and line.word == "ENV")
    found = dict(part.split("=", 1) for part in shlex.split(set_there))
    return {name: value.replace("/app", str(app)) for name, value in found.items()} | {"PATH": PATH}


def variables(container: Manifest, app: Path, data: Path, database: Server, **more: str) -> Mapping[str, str]:
    """What a container sees, with the Secret's content."""
    secret = {"DATABASE_URL": database.url, "SECRET_KEY": KEY}
    given = {
        name: secret.get(value["secretKeyRef"]["key"]) if isinstance(value, dict) else value
        for name, value in environment(container).items()
    }
    there = {name: value for name, value in given.items() if value is not None}
    return of_the_image(app) | there | {"DATA_DIR": str(data), "TMPDIR": str(data / "tmp")} | more


def read_only(command: list[str], data: Path) -> list[str]:
    """The command where only the data folder can be written to; as it is on a machine where nobody may mount."""
    mounts = f"mount --bind {data} {data} && mount -o remount,ro,bind / && mount -o remount,rw,bind {data}"
    if os.geteuid() or subprocess.run(["unshare", "--mount", "sh", "-c", mounts], check=False).returncode:  # noqa: S607
        return command
    return ["unshare", "--mount", "sh", "-c", f'{mounts} && exec "$0" "$@"', *command]


def run(container: Manifest, app: Path, data: Path, database: Server) -> str:
    """What a container that ends prints."""
    command = [each.replace("/etc/mlops-console", str(data.parent)) for each in container["args"]]
    done = subprocess.run(
        read_only(command, data),
        cwd=app,
        env=variables(container, app, data, database),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(command: list[str], env: Mapping[str, str], app: Path, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A container that goes on until the test ends."""
    with subprocess.Popen(read_only(command, data), cwd=app, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, path: str, host: str = "10.42.0.17:8000") -> tuple[int, str]:
    """What a kubelet hears, or a browser behind a proxy that ends TLS; (0, why) where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


@pytest.fixture(scope="module")
def prepared(
    rendered: list[Manifest], app: Path, database: Server, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """What the containers of the Job print, one after the other."""
    data = tmp_path_factory.mktemp("prepare") / "data"
    (data / "tmp").mkdir(parents=True)
    (data.parent / "values.yaml").write_text(one(rendered, "ConfigMap")["data"]["values.yaml"])
    pod = pod_specs(rendered)["console-mlops-console-prepare"]
    return [run(container, app, data, database) for container in containers(pod)]


@needs_root
def test_the_file_system_is_read_only_in_these_tests(data: Path, tmp_path: Path) -> None:
    command = read_only(["sh", "-c", f"touch {data}/a && ! touch {tmp_path}/a"], data)
    if command[0] != "unshare":
        pytest.skip("this machine lets nobody mount: the tests of this file run on a file system that can be written")
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def test_the_job_migrates_and_applies_the_catalogue(prepared: list[str]) -> None:
    migrated, applied = prepared
    assert "Applying console.0001" in migrated
    assert re.search(r"^[1-9][0-9]* changed, 0 unchanged, 0 held by people$", applied, re.MULTILINE)


def test_the_web_container_serves(
    rendered: list[Manifest], app: Path, data: Path, database: Server, prepared: list[str]
) -> None:
    container = pod_specs(rendered)["console-mlops-console-web"]["containers"][0]
    port = free_port()
    command = [each.replace(f"{ANYWHERE}:8000", f"127.0.0.1:{port}") for each in container["args"]]
    with running(command, variables(container, app, data, database), app, data) as process:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            path = container[probe]["httpGet"]["path"]
            assert eventually(lambda path=path: answers(port, path)[0] == 200, seconds=SECONDS), answers(port, path)  # type: ignore[misc]
        status, page = answers(port, "/accounts/login/", "localhost")
        assert status == 200
        sheet = re.search(r'"(/static/[^"]+\.css)"', page)
        assert sheet
        assert answers(port, sheet[1], "localhost")[0] == 200
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_the_worker_container_watches_with_the_role_of_the_chart(
    control_plane: ControlPlane, helm: Helm, app: Path, data: Path, database: Server, prepared: list[str]
) -> None:
    """And with no other: nothing that it asks of the cluster is refused."""
    place = "image-runs"
    files = ["rbac.yaml", "accounts.yaml", "worker.yaml"]
    rendered = helm.render(MINIMAL, namespace=place, only=files)
    container = pod_specs(rendered)["console-mlops-console-worker"]["containers"][0]
    control_plane.kubectl("create", "namespace", place)
    accounts = [each for each in rendered if each["kind"] not in {"Deployment", "Service"}]
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(accounts))
    # In a pod it finds the same in /var/run/secrets.
    kubeconfig = str(control_plane.kubeconfig_for(place, "console-mlops-console-worker"))
    port = free_port()
    command = [{ANYWHERE: "127.0.0.1", "9090": str(port)}.get(each, each) for each in container["args"]]
    env = variables(container, app, data, database, KUBERNETES_KUBECONFIG=kubeconfig)
    with running(command, env, app, data) as process:
        for probe in ("startupProbe", "livenessProbe"):
            path = container[probe]["httpGet"]["path"]
            assert eventually(lambda path=path: answers(port, path)[0] == 200, seconds=SECONDS), answers(port, path)  # type: ignore[misc]

        def asked(verb: str) -> set[str]:
            found = control_plane.requests(user=f"system:serviceaccount:{place}:console-mlops-console-worker")
            assert [str(each) for each in found if each.code >= 400] == []
            return {each.resource for each in found if each.verb == verb}

        kinds = {resource.rpartition("/")[2] for verb, resource in granted(rendered) if verb == "watch"}
        assert eventually(lambda: asked("list") == kinds == asked("watch"), seconds=SECONDS), (kinds, asked("watch"))
        process.terminate()
        assert process.wait(SECONDS) == 0
