"""Bringing a model's file, from a server of HTTP that behaves and from some that do not."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deployments.engines.kubernetes import fetch

TOKEN = "b3arer-of-the-model"
CONTENT = b"model" * 100_000
Answering = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(*answers: Answering) -> Iterator[tuple[str, list[str]]]:
    """A server that gives one answer after the other, the last for good; its address, and the tokens it was shown."""
    shown: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            (left.pop(0) if len(left) > 1 else left[0])(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/artifact", shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whole(request: BaseHTTPRequestHandler) -> None:
    """The file."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT)


def cut_off(request: BaseHTTPRequestHandler) -> None:
    """Half of it."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT[: len(CONTENT) // 2])


def status(code: int, location: str = "") -> Answering:
    """An answer without a file."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Content-Length", "0")
        if location:
            request.send_header("Location", location)
        request.end_headers()

    return answer


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(fetch, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv(fetch.TOKEN, TOKEN)


def test_a_file_comes_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And can be read by the scorer's user; nothing that is printed tells the token."""
    with serving(whole) as (url, shown):
        assert fetch.main([url, str(tmp_path / "model")]) == 0
    assert (tmp_path / "model").read_bytes() == CONTENT
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o644
    assert shown == [f"Bearer {TOKEN}"]
    assert capsys.readouterr().err == "model has 500,000 bytes.\n"


@pytest.mark.parametrize(
    ("answers", "code", "tries"),
    [
        ([cut_off, whole], 0, 2),
        ([status(503), status(429), whole], 0, 3),
        ([status(503)], 1, 3),
        ([cut_off], 1, 3),
        ([status(403), whole], 1, 1),
        ([status(404), whole], 1, 1),
        ([status(204), whole], 0, 2),
    ],
)
def test_what_may_pass_is_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: list[Answering], code: int, tries: int
) -> None:
    """What will not is not, and half a file is none."""
    with serving(*answers) as (url, shown):
        assert fetch.main([url, str(tmp_path / "model")]) == code
    assert len(shown) == tries
    assert (tmp_path / "model").exists() is (code == 0)
    assert TOKEN not in capsys.readouterr().err


def test_the_token_stays_here(tmp_path: Path) -> None:
    """It is not shown to whom the console sends us."""
    with serving(whole) as (elsewhere, shown), serving(status(302, elsewhere)) as (url, _):
        assert fetch.main([url, str(tmp_path / "model")]) == 0
    assert shown == [""]


def test_nobody_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said in a sentence, as is an address of another kind."""
    with serving(whole) as (url, _):
        pass
    assert fetch.main([url, str(tmp_path / "model")]) == 1
    assert "refused" in capsys.readouterr().err
    assert fetch.main([f"file://{__file__}", str(tmp_path / "model")]) == 1
    assert capsys.readouterr().err == "model was not fetched: its address is not one of HTTP.\n"


def test_it_runs_without_anything_else(tmp_path: Path) -> None:
    """As the container starts it: nothing but the standard library is there for it."""
    command = [sys.executable, "-S", "-m", fetch.__name__]
    root = Path(__file__).parents[4]
    with serving(whole) as (url, _):
        subprocess.run([*command, url, str(tmp_path / "model")], cwd=root, check=True, capture_output=True)
    assert (tmp_path / "model").read_bytes() == CONTENT
