"""Why a scorer failed, in words for the person who looks at a rollout."""

from __future__ import annotations

import signal

LONGEST_WORDS = 300


def of_the_end(code: int | None, words: str) -> str:
    """Why a process that has ended did so, by its exit code and its last words."""
    if code is None:
        how = "The scorer vanished together with what looked after it"
    elif code < 0:
        how = f"The scorer was killed by {_signal(-code)}"
    else:
        how = f"The scorer ended with exit code {code}"
    return f"{how}; its last words: {_short(words)}" if words else f"{how} without a word."


def not_ready(seconds: float, answer: str) -> str:
    """Why a process that runs counts as failed."""
    return f"The scorer was not ready within {seconds:g} s: {answer}."


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _short(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"
