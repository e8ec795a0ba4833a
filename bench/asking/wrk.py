"""Requests a second by wrk, where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.asking.visitor import Ask, Visitor

CONNECTIONS: Final = 8
_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_FAILED: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SCRIPT: Final = """
local asks = {%s}
local number = 0
request = function()
  number = number %% #asks + 1
  local ask = asks[number]
  return wrk.format(ask[1], ask[2], ask[3], ask[4])
end
"""


def is_installed() -> bool:
    """Whether there is anything to measure with."""
    return shutil.which("wrk") is not None


def per_second(visitor: Visitor, asks: Sequence[Ask], seconds: int) -> float:
    """How many of these requests a second are answered over eight connections; raises RuntimeError where any fails."""
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        script = Path(folder) / "asks.lua"
        script.write_text(_SCRIPT % ",".join(_lua(visitor, ask) for ask in asks), encoding="utf-8")
        command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", "--timeout=60s"]
        command += [f"--script={script}", f"http://127.0.0.1:{visitor.port}"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=True).stdout
    rate = _RATE.search(said)
    if rate is None or _FAILED.search(said):
        raise RuntimeError(f"{asks[0].path}: {said}")
    return float(rate[1])


def _lua(visitor: Visitor, ask: Ask) -> str:
    headers = dict(ask.headers) if "Authorization" in ask.headers else {"Cookie": visitor.cookie, **ask.headers}
    pairs = ",".join(f"[{_text(name)}]={_text(value)}" for name, value in headers.items())
    return f"{{{_text(ask.method)},{_text(ask.path)},{{{pairs}}},{_text(ask.body) if ask.body else 'nil'}}}"


def _text(text: str) -> str:
    """A text as Lua reads it; JSON escapes the same characters in the same way, all else being ASCII here."""
    return json.dumps(text)
