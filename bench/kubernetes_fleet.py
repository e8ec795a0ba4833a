"""What upgrades cost on a cluster: `python -m bench.kubernetes_fleet [--deployments 500] [--workers 1,2]`.

A control plane of real parts on this machine, whose nodes kwok plays, and a console of its own on it, in a temporary
folder. All deployments are upgraded in the same moment, by so many workers; before and after, K8s Deployments that are
alike are brought to another image by one call each, without the console, so that it can be told what the console adds.
Everything stays on the loopback, ends by itself, and leaves nothing; exit code 1 where an upgrade failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from bench.asking.results import machine, note_end
from bench.fleet.measures import Measured
from tests.kubernetes.binaries import Absent, find
from tests.kubernetes.control_plane import ControlPlane


def main() -> int:
    """Measure, print, and answer the exit code."""
    options = _options()
    measured = Measured(
        command=f"python -m bench.kubernetes_fleet {' '.join(sys.argv[1:])}".strip(),
        deployments=options.deployments,
        replicas=options.replicas,
        min_ready_seconds=options.min_ready_seconds,
        machine=machine(),
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left
    try:
        plane = ControlPlane(find())
    except Absent as why:
        _say(str(why))
        return 2
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        try:
            plane.start()
            _measure(Path(folder), plane, options, measured)
        finally:
            plane.close()
    note_end(measured.machine)
    if options.json:
        options.json.write_text(measured.json() + "\n", encoding="utf-8")
    sys.stdout.write(measured.text() + "\n")
    return 1 if measured.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--deployments", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--replicas", type=int, default=1, help="of each (default: 1)")
    parser.add_argument("--workers", type=_counts, default=[1, 2], help="of each time, in turn (default: 1,2)")
    parser.add_argument("--min-ready-seconds", type=int, default=0, help="between ready and available (default: 0)")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


def _counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _environment(folder: Path, kubeconfig: Path, min_ready_seconds: int) -> dict[str, str]:
    """The settings of all the console's processes."""
    return {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "mlops_console.settings",
        "LOG_LEVEL": "WARNING",
        "ENGINE": "kubernetes",
        "KUBERNETES_KUBECONFIG": str(kubeconfig),
        "KUBERNETES_GATEWAY": "gateways/fleet",
        "KUBERNETES_ADDRESS": "http://models.example.org",
        "KUBERNETES_FETCH_IMAGE": "registry.example.org:5000/bench/console:1",
        "KUBERNETES_CONSOLE_URL": "http://console.example.org",
        "KUBERNETES_MIN_READY_SECONDS": str(min_ready_seconds),
    }


def _measure(folder: Path, plane: ControlPlane, options: argparse.Namespace, measured: Measured) -> None:
    import django

    os.environ.pop("DATABASE_URL", None)
    os.environ |= _environment(folder, plane.kubeconfig, options.min_ready_seconds)
    django.setup()
    from bench.fleet.measuring import measure

    measure(folder, plane, measured, options.workers, _say)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
