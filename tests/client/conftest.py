"""The real `manage.py up --demo`, one for each worker of pytest, and the published client against it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.client.published import connect, disconnect
from tests.client.wire import Wire
from tests.mlops_console.serving.console import Console, running

# Not ours: the state that the client fills in as a plain text where its own model of a request wants an enum.
_OF_THE_CLIENT = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning:pydantic.main")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of this folder bear the one warning that comes from inside the client."""
    for item in items:
        if item.path.parent.name == "client":
            item.add_marker(_OF_THE_CLIENT)


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console with demo data, as a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        # The client asks a proxy, if the environment names one, even for this machine.
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.setenv("no_proxy", "127.0.0.1,localhost")
        with running(tmp_path_factory.mktemp("client") / "data", "--demo", "--port", "0") as console:
            yield console
            disconnect()
            assert console.stop(signal.SIGTERM) == 0


@pytest.fixture(scope="session")
def tokens(console: Console) -> dict[str, str]:
    """The bearer token of each of the demo's people: admin, operator, viewer, stranger."""
    found: dict[str, str] = console.note()["tokens"]
    return found


@pytest.fixture(scope="session")
def client(console: Console, tokens: dict[str, str]) -> Callable[[str], Any]:
    """The published client, signed in as one of the demo's people."""

    @cache
    def signed_in(role: str) -> Any:
        return connect(console.url, lambda: tokens[role])

    return signed_in


@pytest.fixture(scope="session")
def wire(console: Console, tokens: dict[str, str]) -> Callable[[str], Wire]:
    """Plain HTTP, for what the client hides, with the token of one of the demo's people."""
    return lambda role: Wire(console.port, tokens[role])


@pytest.fixture(scope="session")
def admin(client: Callable[[str], Any]) -> Any:
    """The client of a platform admin."""
    return client("admin")


@pytest.fixture(scope="module")
def lab(admin: Any, request: pytest.FixtureRequest) -> Any:
    """A workspace of the module's own, empty but for what it inherits."""
    return admin.workspaces.create(name=f"Lab of {request.module.__name__.rpartition('.')[2]}")


@pytest.fixture(scope="module")
def image(lab: Any) -> Any:
    """An image of the lab with one version."""
    return lab.runtime_images.create("Scorer", "registry.example.org:5000/lab/scorer:1.0.0", uid="scorer")
