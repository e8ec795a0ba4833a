"""Looks after one program for as long as it runs, so that nothing is lost when whoever started it is killed.

It keeps the lock that says the program runs, keeps its words in a log of bounded size, passes SIGTERM on and follows it
with SIGKILL when that takes too long, and notes how the program ended. It is a process of its own, in a session of its
own: `python -m deployments.engines.local.guardian FOLDER LOCK GRACE COMMAND...`, where LOCK is the number of an open
file that is locked already, and GRACE seconds.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

from deployments.engines.local.marks import mark_of

LARGEST_LOG = 128_000  # bytes; the log before it is kept, too
LOOK_EVERY_SECONDS = 2.0
CANNOT_START = 127


class Guardian:
    """One program and the folder of its run."""

    def __init__(self, folder: str, grace: float) -> None:
        self.folder = folder
        self.grace = grace
        self.pid = 0
        self.asked = False

    def guard(self, command: list[str]) -> None:
        """Run the command to its end."""
        # before there is a program: a signal that comes now is passed on then
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGALRM, self._kill)
        began = time.monotonic()
        words, mouth = os.pipe()
        try:
            self.pid = self._start(command, mouth)
        except OSError as error:
            os.write(mouth, f"{command[0]} cannot be started: {error.strerror}\n".encode())
        os.close(mouth)
        me = os.getpid()
        self._note(
            "started.json",
            f'"guardian": {me}, "guardian_mark": "{mark_of(me)}", "pid": {self.pid}, "mark": "{mark_of(self.pid)}"',
        )
        if self.asked:
            self._ask()
        self._listen(words)
        code = CANNOT_START
        if self.pid:
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = 0
        self._note("ended.json", f'"code": {code}, "lasted": {time.monotonic() - began}')

    def _start(self, command: list[str], mouth: int) -> int:
        return os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, mouth, 1),
                (os.POSIX_SPAWN_DUP2, mouth, 2),
            ],
            setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
        )

    def _listen(self, words: int) -> None:
        path = os.path.join(self.folder, "log")  # noqa: PTH118
        log, size = -1, LARGEST_LOG + 1
        # a signal that comes just before a wait must end it, or its handler would run only afterwards
        bell, cord = os.pipe()
        os.set_blocking(cord, False)
        signal.set_wakeup_fd(cord)
        while True:
            heard = select.select([words, bell], [], [], LOOK_EVERY_SECONDS)[0]
            if bell in heard:
                os.read(bell, 1)
                continue
            if not heard:
                # whoever removed the folder cannot find the program any more to stop it
                if not os.path.exists(self.folder):  # noqa: PTH110
                    self._ask()
                continue
            said = os.read(words, 65_536)
            if not said:
                return
            try:
                if size > LARGEST_LOG:
                    if log >= 0:
                        os.close(log)
                        os.replace(path, f"{path}.1")  # noqa: PTH105
                    log, size = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 0
                size += os.write(log, said)
            except OSError:
                log, size = -1, LARGEST_LOG + 1  # a full disk or a removed folder ends no program

    def _note(self, name: str, content: str) -> None:
        path = os.path.join(self.folder, name)  # noqa: PTH118
        try:
            with open(f"{path}.new", "w", encoding="ascii") as out:  # noqa: PTH123
                out.write(f'{{{content}, "at": {time.time()}}}\n')
            os.replace(f"{path}.new", path)  # noqa: PTH105
        except OSError:
            print(f"{name} could not be written", file=sys.stderr)  # noqa: T201 - its standard error is a file

    def _ask(self, *_: int | FrameType | None) -> None:
        self.asked = True
        self._send(signal.SIGTERM)
        # asking again does not prolong the grace
        if self.pid and not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.setitimer(signal.ITIMER_REAL, self.grace)

    def _kill(self, *_: int | FrameType | None) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


if __name__ == "__main__":
    # the one who asked waits for this process, and so neither for the program nor for a zombie
    if os.fork() == 0:
        Guardian(sys.argv[1], float(sys.argv[3])).guard(sys.argv[4:])
