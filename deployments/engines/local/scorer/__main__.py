"""Running the scorer: load the model, open a port, report it, become ready, and end well."""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import threading
import time
from pathlib import Path

from deployments.engines.local.scorer.artifact import load
from deployments.engines.local.scorer.behaviour import Behaviour, behaviour_of
from deployments.engines.local.scorer.model_file import BrokenModel
from deployments.engines.local.scorer.server import Identity, ScoringServer

BROKEN, CRASHED = 2, 3  # exit codes
MAX_ROWS = "SCORER_MAX_ROWS"


def main() -> int:
    """Serve until SIGTERM; answers the exit code."""
    options = _options()
    ending, end = os.pipe()
    os.set_blocking(end, False)
    # by the pipe the signal also ends a wait that begins in the same instant, which a handler alone would miss
    signal.set_wakeup_fd(end)
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        model, model_id = load(options.artifact)
        rows_max = _rows_max()
    except (BrokenModel, OSError, ValueError) as fault:
        return _say(f"The scorer cannot start: {fault}.", BROKEN)
    identity = Identity(
        options.image, options.version, model_id or options.id, options.base, options.readiness_path, rows_max
    )
    server = ScoringServer(model, identity)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _report(options.report, server.server_address[1])
    _say(f"{options.image} answers on port {server.server_address[1]}. {model.description}")
    return _live(server, behaviour_of(options.image), ending)


def _live(server: ScoringServer, behaviour: Behaviour, ending: int) -> int:
    if behaviour.ready_after is None:
        _say("It never becomes ready, as the image's name asks.")
    if not _told(ending, behaviour.ready_after):
        server.ready = True
        _say("It is ready.")
        if not _told(ending, behaviour.crash_after):
            return _say(f"It crashes after {behaviour.crash_after:g} s, as the image's name asks.", CRASHED)
    _say("It finishes what it has, then ends.")
    server.drain()
    return 0


def _told(ending: int, seconds: float | None) -> bool:
    """Wait so many seconds, None for ever, for the signal to end; answers whether it came."""
    return bool(select.select([ending], [], [], seconds)[0])


def _report(path: str, port: int) -> None:
    """Write the port to a file, in one piece."""
    if path:
        unfinished = Path(f"{path}.new")
        unfinished.write_text(f'{{"port": {port}}}\n', encoding="ascii")
        unfinished.replace(path)


def _rows_max() -> int:
    text = os.environ.get(MAX_ROWS, "100000")
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ValueError(f"{MAX_ROWS} is {text!r} and not a number of rows")
    return int(text)


def _say(words: str, code: int = 0) -> int:
    print(time.strftime("%H:%M:%S"), words, file=sys.stderr, flush=True)  # noqa: T201 - its standard error is its log
    return code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a linear or logistic model on a free port of the loopback.")
    parser.add_argument("--image", default="reference-scorer:0", help="the reference that the response header names")
    parser.add_argument("--version", default="v0.0.0", help="the version that the response header names")
    parser.add_argument("--artifact", default="", help="a zip with a model.json in it, or that file itself")
    parser.add_argument("--id", default="", help="the model's id, unless model.json has one")
    parser.add_argument(
        "--readiness-path", default="/readyz", help="answered like /readyz unless it is the model's own"
    )
    parser.add_argument("--base", default="", help="a path under which everything is answered as well")
    parser.add_argument("--report", default="", help="the file to write the port to, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # threads that hold idle connections are not waited for
