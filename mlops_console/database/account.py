"""Whom the embedded server runs as: PostgreSQL refuses to be root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_console.faults import StartFault
from mlops_console.processes import bound_to_parent

STAND_INS = ("postgres", "nobody")
REACH = (None, "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """A system account and what must come before a command to run it as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def command(self, command: Sequence[str]) -> list[str]:
        """The command as this account, interrupted when whoever started it is gone."""
        if not self.prefix:
            return bound_to_parent(command, "INT")
        return [self.prefix[0], "--pdeathsig", "INT", *self.prefix[1:], "--", *command]

    def own(self, folder: Path) -> None:
        """Hand a folder to the account, closed to all others."""
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)


def account_for(data: Path, program: Path) -> Account:
    """The account that runs `program` on the folder `data`: oneself, or as root a stand-in; raises StartFault.

    A folder that has an owner keeps it. As root the stand-in gets the least power with which it can reach both paths:
    none, else that of passing through closed folders such as /root, which a clone made there needs.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StartFault("PostgreSQL does not run as root, and setpriv (util-linux) is missing: start as another user")
    stand_in = _stand_in(data)
    drop = (setpriv, f"--reuid={stand_in.pw_uid}", f"--regid={stand_in.pw_gid}", "--clear-groups")
    for capability in REACH:
        prefix = drop if capability is None else (*drop, *_with(capability))
        if _reaches(prefix, data.parent, program):
            return Account(stand_in.pw_uid, stand_in.pw_gid, prefix)
    raise StartFault(
        f"PostgreSQL does not run as root, and the account {stand_in.pw_name} cannot reach {data.parent} and {program}:"
        " put them where it can, or start as another user"
    )


def _stand_in(data: Path) -> pwd.struct_passwd:
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise StartFault(f"the owner of {data}, user {owner}, has no name on this system") from None
    for name in STAND_INS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StartFault(f"PostgreSQL does not run as root, and there is no account {' or '.join(STAND_INS)}")


def _with(capability: str) -> tuple[str, ...]:
    # no_setuid_fixup: access(2), by which postgres looks for its own program, then heeds the capability too
    return (
        "--securebits=+no_setuid_fixup",
        f"--inh-caps=-all,+{capability}",
        f"--ambient-caps=+{capability}",
        f"--bounding-set=-all,+{capability}",
    )


def _reaches(prefix: Sequence[str], folder: Path, program: Path) -> bool:
    attempt = [*prefix, "--", "sh", "-c", '"$1" --version && cd "$2"', "-", str(program), str(folder)]
    return subprocess.run(attempt, cwd="/", capture_output=True, check=False).returncode == 0
