"""A Kubernetes control plane of real parts on this machine, for as long as tests run; kwok plays the nodes."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlops_console.processes import bound_to_parent
from tests.kubernetes import audit, files, parts
from tests.kubernetes.binaries import Binaries
from tests.mlops_console.machine import eventually

ADMINS = ("admin", *audit.OWN)
PATIENCE = 120  # seconds until a part must have come up: a loaded machine needs many


class ControlPlane:
    """etcd, API server, controller manager, scheduler and kwok, in a folder of their own and on loopback only.

    For the main thread: what another one starts, the kernel stops together with that thread.
    """

    def __init__(self, binaries: Binaries) -> None:
        self.binaries = binaries
        self.folder = Path(tempfile.mkdtemp(prefix="control-plane-"))
        self.port = 0
        self._tokens = {name: secrets.token_hex(16) for name in ADMINS}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._starts = 0

    def start(self) -> None:
        """Start everything and wait until pods can run; RuntimeError says what did not come up."""
        files.write_all(self.folder, self._tokens)
        self._run("etcd", parts.etcd(self.folder))
        self._start_api_server_somewhere()
        everything = {"apiVersion": "v1", "kind": "List", "items": parts.nodes()}
        self._ourselves("create", "-f", "-", stdin=json.dumps(everything))
        self._ourselves("create", "-f", str(self.binaries.gateway_api))
        self._ourselves("wait", "crd", "--all", "--for=condition=Established", f"--timeout={PATIENCE}s")
        self._wait_for("controller manager", self._accounts_are_made)
        self._wait_for("nodes", self._nodes_take_pods)

    def close(self) -> None:
        """Stop everything and remove the folder."""
        for process in reversed(self._processes.values()):
            process.kill()
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_api_server(self) -> None:
        """Ask the API server to stop, and wait until it is gone."""
        self._stop("kube-apiserver", signal.SIGTERM)

    def start_api_server(self) -> None:
        """Start the API server, on the port it had, and wait until it answers."""
        self._run("kube-apiserver", parts.api_server(self.folder, self.port))
        self._wait_for("API server", self._api_server_is_ready)
        # Its clients may be waiting for up to a minute before they ask again, and kwok forgets what it could not say.
        self._starts += 1
        self._run("kube-controller-manager", parts.controller_manager(self.folder))
        self._run("kube-scheduler", parts.scheduler(self.folder))
        self._run("kwok", parts.kwok(self.folder, self._starts))

    def restart_api_server(self) -> None:
        """Stop the API server and start it again."""
        self.stop_api_server()
        self.start_api_server()

    @contextmanager
    def without_api_server(self) -> Iterator[None]:
        """The API server is away for a while, whatever happens meanwhile."""
        self.stop_api_server()
        try:
            yield
        finally:
            self.start_api_server()

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        """The file with the certificate that the API server is known by."""
        return self.folder / "pki" / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """The file that makes its reader an administrator, called `admin` in the audit log."""
        return self._kubeconfig("admin")

    def kubeconfig_through(self, server: str) -> Path:
        """The administrator's file for another address of the API server, as a proxy's."""
        return self._write_kubeconfig(f"admin.{secrets.token_hex(3)}", self._tokens["admin"], server=server)

    def kubeconfig_for(self, namespace: str, service_account: str, *, server: str | None = None) -> Path:
        """A file that makes its reader a service account, there or at another address of the API server."""
        token = self._ourselves("create", "token", service_account, "-n", namespace, "--duration=24h").strip()
        name = f"{namespace}.{service_account}.{secrets.token_hex(3)}"
        return self._write_kubeconfig(name, token, namespace=namespace, server=server)

    def kubectl(self, *arguments: str, stdin: str | None = None, kubeconfig: Path | None = None) -> str:
        """What kubectl prints; CalledProcessError, with its complaint as a note, when it fails."""
        return self._command("kubectl", arguments, stdin, kubeconfig or self.kubeconfig)

    def helm(self, *arguments: str, stdin: str | None = None, kubeconfig: Path | None = None) -> str:
        """What helm prints; fails as kubectl does."""
        return self._command("helm", arguments, stdin, kubeconfig or self.kubeconfig)

    def get(self, *arguments: str, kubeconfig: Path | None = None) -> Any:
        """What `kubectl get` finds: an object, or a list as one."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json", kubeconfig=kubeconfig))

    def requests(self, *, user: str = "", user_agent: str = "") -> list[audit.Request]:
        """What a user asked, or a client whose user agent begins so, in the order of the answers; not our own parts."""
        everything = audit.requests(self.folder / "audit.log")
        return [one for one in everything if user in ("", one.user) and one.user_agent.startswith(user_agent)]

    def requests_served(self, *, user: str = "", user_agent: str = "") -> int:
        """How many requests `requests` has; a watch is one from when it is opened."""
        return len(self.requests(user=user, user_agent=user_agent))

    def _start_api_server_somewhere(self) -> None:
        while True:
            self.port = _free_port()
            for name, token in self._tokens.items():
                self._write_kubeconfig(name, token)
            try:
                return self.start_api_server()
            except RuntimeError as error:
                if "address already in use" not in str(error):  # somebody else was faster
                    raise

    def _run(self, name: str, flags: Sequence[str]) -> None:
        self._stop(name, signal.SIGKILL)
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                bound_to_parent([self.binaries[name], *flags], "KILL"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the tests, which then stop the plane
            )

    def _stop(self, name: str, number: signal.Signals) -> None:
        if process := self._processes.pop(name, None):
            process.send_signal(number)
            process.wait(PATIENCE)

    def _environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests: not their clusters, not their proxies."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")}

    def _wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        eventually(lambda: holds() or self._ended(), seconds=PATIENCE)
        ended = self._ended()
        if ended or not holds():
            logs = "\n".join(self._end_of_log(name) for name in ended or self._processes)
            raise RuntimeError(f"No {what} in {PATIENCE} s; ended: {', '.join(ended) or 'nothing'}\n{logs}")

    def _ended(self) -> list[str]:
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def _end_of_log(self, name: str) -> str:
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join([f"--- {name}", *lines[-15:]])

    def _api_server_is_ready(self) -> bool:
        if not self.ca.exists():
            return False
        context = ssl.create_default_context(cafile=str(self.ca))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {self._tokens['control-plane']}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def _accounts_are_made(self) -> bool:
        return bool(self._ourselves("get", "serviceaccount", "default", "--ignore-not-found"))

    def _nodes_take_pods(self) -> bool:
        nodes = json.loads(self._ourselves("get", "nodes", "-o", "json"))["items"]
        return all(_is_ready(node) and not node["spec"].get("taints") for node in nodes)

    def _kubeconfig(self, name: str) -> Path:
        return self.folder / "kubeconfigs" / name

    def _write_kubeconfig(
        self, name: str, token: str, *, namespace: str = "default", server: str | None = None
    ) -> Path:
        path = self._kubeconfig(name)
        files.write_kubeconfig(path, server=server or self.url, ca=self.ca, token=token, namespace=namespace)
        return path

    def _ourselves(self, *arguments: str, stdin: str | None = None) -> str:
        return self._command("kubectl", arguments, stdin, self._kubeconfig("control-plane"))

    def _command(self, name: str, arguments: Sequence[str], stdin: str | None, kubeconfig: Path) -> str:
        command = [self.binaries[name], *arguments]
        env = {**self._environment(), "KUBECONFIG": str(kubeconfig)}
        try:
            return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True, env=env).stdout
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr)
            raise


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", ())
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
