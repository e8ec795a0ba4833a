"""What a cluster refuses, and why it does not answer, in words for the person who has to do something about it."""

from __future__ import annotations

from typing import Any, Final

import httpx2
from lightkube.core.exceptions import ApiError, ConfigError

from deployments.engines.contract import Conflict, EngineFault

LONGEST: Final = 500
_OWNERSHIP: Final = "FieldManagerConflict"


def fault_of(error: Exception, doing: str = "", what: str = "", where: str = "") -> EngineFault:
    """An error of the client as a fault; `doing` is a verb such as `write`, `what` an object or a kind, `where` its
    namespace."""
    act = f"{doing or 'use'} {what or 'the cluster'}{f' in {where}' if where else ''}"
    if isinstance(error, ApiError):
        return _refused(error, act, what, where)
    if isinstance(error, httpx2.HTTPStatusError):
        return EngineFault(f"Cannot {act}: the cluster answered {error.response.status_code}.")
    if isinstance(error, httpx2.TimeoutException):
        return EngineFault(f"Cannot {act}: the cluster did not answer in time.")
    if isinstance(error, httpx2.HTTPError):
        return EngineFault(f"Cannot {act}: the cluster cannot be reached ({_short(error)}).")
    if isinstance(error, ConfigError):
        return EngineFault(f"How to reach the cluster is not known: {_short(error)}.")
    return EngineFault(f"Cannot {act}: {_short(error)}.")


def is_stale(error: ApiError) -> bool:
    """Whether an object was refused because it has changed since it was read."""
    return error.status.code == 409 and not _owners(error)


def _refused(error: ApiError, act: str, what: str, where: str) -> EngineFault:
    said = _short(error)
    if owners := _owners(error):
        return Conflict(
            f"{what}{f' in {where}' if where else ''} was changed by somebody else: {owners}."
            " It was not written; adopt what was changed, or apply again."
        )
    match error.status.code:
        case 401:
            return EngineFault(f"Cannot {act}: the cluster does not accept the console's credentials.")
        case 403 if "exceeded quota" in said:
            return EngineFault(f"Cannot {act}: a quota is used up. {said}")
        case 403 if "cannot" in said and "resource" in said:
            return EngineFault(f"The console may not {act}. {said}")
        case 404 if "could not find the requested resource" in said:
            return EngineFault(f"Cannot {act}: the cluster does not know this kind; is the Gateway API installed?")
        case 429 | 500 | 502 | 503 | 504:
            return EngineFault(f"Cannot {act}: the cluster is not able to now. {said}")
    return EngineFault(f"Cannot {act}: {said}")


def _owners(error: ApiError) -> str:
    """Who has changed which fields of what server-side apply refuses to take from them."""
    causes: Any = (error.status.details.causes if error.status.details else None) or ()
    # Such as: conflict with "kubectl-edit" using apps/v1
    told = [
        f"{each.field} by {(each.message or '').partition(chr(34))[2].partition(chr(34))[0] or 'an unnamed manager'}"
        for each in causes
        if each.reason == _OWNERSHIP
    ]
    return ", ".join(sorted(told))


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
