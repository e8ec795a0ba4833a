"""How fast pages and API are: `python -m bench.pages [--sizes 1000,100000,1000000] [--audit 5000000] [--out FOLDER]`.

Fills an embedded database for each size, starts the web server on each as `manage.py up` does, and asks all of them in
turn; beside the console, in the same processes, answer a floor (one raw statement and a text) and Django's own admin.
Everything stays on the loopback and ends by itself. With `--as-it-is` the database of DATABASE_URL is asked, as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.asking.console import ALONE, Console, alone, measure
from bench.asking.report import markdown
from bench.asking.results import Results, machine, note_end
from bench.asking.server import CONSOLE, environment, run
from bench.load import SEED
from mlops_console.database.cluster import Cluster
from mlops_console.database.supply import until_stopped

LOAD_SECONDS_MAX: Final = 1_800.0
SECONDS_TO_STOP: Final = 30.0


def main() -> int:
    """Measure, write the report, and answer the exit code: 1 where a case failed."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left
    results = Results(command=f"python -m bench.pages {' '.join(sys.argv[1:])}".strip(), machine=machine())
    try:
        _measure(options, results)
    finally:
        # What was measured until then is worth reading, should it be cut short.
        if results.rows:
            _write(results, options.out)
    return 1 if results.faults else 0


def _measure(options: argparse.Namespace, results: Results) -> None:
    with ExitStack() as stack:
        folder = options.data_dir.absolute() if options.data_dir else stack.enter_context(_passing_folder())
        if options.as_it_is:
            consoles = [Console(folder, embedded=False)]
        else:
            largest = max(options.sizes)
            for size in options.sizes:
                with _timed(results, f"filling {size:,} runtimes"):
                    _fill(folder / str(size), size, options.audit if size == largest else 0, options)
            consoles = [Console(folder / str(size)) for size in sorted(options.sizes)]
        with _timed(results, "asking"):
            measure(consoles, results, requests=options.requests, wrk_seconds=options.wrk, only=options.only, say=_say)
        if options.only.search(ALONE):
            with _timed(results, ALONE):
                alone(consoles[-1], results)


@contextmanager
def _passing_folder() -> Iterator[Path]:
    """A folder for databases that is gone in the end, as they are."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        try:
            yield folder
        finally:
            for each in folder.glob("*/postgres"):
                until_stopped(Cluster(each), seconds_in_use=SECONDS_TO_STOP)


@contextmanager
def _timed(results: Results, what: str) -> Iterator[None]:
    """Keep and tell how long a part of the run took."""
    began = time.monotonic()
    yield
    results.seconds[what] = time.monotonic() - began
    _say(f"{what}: {results.seconds[what]:.0f} s")


def _write(results: Results, out: Path | None) -> None:
    note_end(results.machine)
    text = markdown(results)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "pages.json").write_text(json.dumps(results.data(), indent=1) + "\n", encoding="utf-8")
        (out / "pages.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=_sizes, default=[1_000, 100_000, 1_000_000], help="runtimes of each database")
    parser.add_argument("--deployments", type=int, default=20_000, help="of each database (default: 20000)")
    parser.add_argument("--audit", type=int, default=5_000_000, help="entries of the largest (default: 5000000)")
    parser.add_argument("--requests", type=int, default=50, help="of each contender in each case (default: 50)")
    parser.add_argument("--wrk", type=int, default=1, help="seconds of wrk for each case, 0 for none (default: 1)")
    parser.add_argument("--only", type=re.compile, default=re.compile(""), help="cases whose name holds this pattern")
    parser.add_argument("--seed", type=int, default=SEED, help="of the rows")
    parser.add_argument("--data-dir", type=Path, help="keep the databases there, and use those that are there already")
    parser.add_argument("--as-it-is", action="store_true", help="ask the database of DATABASE_URL, and fill nothing")
    parser.add_argument("--out", type=Path, help="folder for pages.json and pages.md")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(part.replace("_", "")) for part in text.split(",")]


def _fill(folder: Path, size: int, audit: int, options: argparse.Namespace) -> None:
    """Fill a database, unless the folder holds just this one already."""
    wanted = {"runtimes": size, "deployments": options.deployments, "audit": audit, "seed": options.seed}
    note = folder / "loaded.json"
    if note.exists() and json.loads(note.read_text(encoding="utf-8")) == wanted:
        return
    arguments = [f"--data-dir={folder}", *(f"--{name}={value}" for name, value in wanted.items())]
    run("bench.load", *arguments, env=environment(folder, CONSOLE), seconds=LOAD_SECONDS_MAX)
    note.write_text(json.dumps(wanted), encoding="utf-8")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
