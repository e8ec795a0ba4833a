"""Looking at this machine's processes, and being somebody else on it."""

from __future__ import annotations

import os
import pwd
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs Linux's /proc")
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become another user: run the tests as root"
)


def processes_naming(text: str | Path, *, within: str | Path = "") -> dict[int, str]:
    """Process id to command line, of every living process whose command line has the text in it.

    `within` stands in its command line or environment.
    """
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(text) not in command:
                    continue
                around = (folder / "environ").read_bytes().decode(errors="replace") if within else ""
            except OSError:
                continue
            if str(within) in command + around:
                found[int(folder.name)] = command
    return found


def eventually(holds: Callable[[], object], *, seconds: float = 15) -> bool:
    """Whether something becomes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def as_nobody(command: list[str]) -> list[str]:
    """The command as user nobody, who may look into closed folders (a clone in /root) but not write there."""
    nobody = pwd.getpwnam("nobody")
    power = "dac_read_search"
    return [
        "setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups",
        "--securebits=+no_setuid_fixup", f"--inh-caps=-all,+{power}", f"--ambient-caps=+{power}", "--", *command,
    ]  # fmt: skip
