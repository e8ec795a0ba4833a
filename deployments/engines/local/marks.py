"""Telling a process from a later one that was given the same number; small, because each guardian loads it."""

from __future__ import annotations

import os


def mark_of(pid: int) -> str:
    """What no other process of that number will have, `""` when there is no such living process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - pathlib would cost each guardian a megabyte
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return "" if os.path.exists("/proc/self/stat") else _mark_by_ps(pid)  # noqa: PTH110
    # a zombie has ended, whoever has yet to notice
    return "" if fields[0] in b"ZX" else fields[19].decode()


def _mark_by_ps(pid: int) -> str:
    import subprocess

    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if said.startswith("Z") else said.partition(" ")[2].strip()
