"""Reasons that people give, checked before they are kept."""

from __future__ import annotations

from mlops_console.errors import Invalid
from runtimes.rules.lifecycle import check_reason


def checked_reason(reason: str, *, required: bool = False) -> str:
    """A reason without blanks around it, `""` where none is given and none needed; raises Invalid."""
    if not reason.strip() and not required:
        return ""
    try:
        return check_reason(reason)
    except ValueError as fault:
        raise Invalid({"reason": str(fault)}) from None
