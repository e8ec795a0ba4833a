"""Starting programs that do not outlive whoever started them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence


def bound_to_parent(command: Sequence[str], signal: str) -> list[str]:
    """The command, told by the kernel with `signal` (INT, TERM) when its parent is gone, on systems that can do so."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", signal, "--", *command] if setpriv else list(command)
