"""The few ways in which an action says no; web and API each have one table that turns them into an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A request that cannot be carried out, with a sentence for the person who made it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Missing(DomainError):
    """There is no such thing, or none that the actor may know of."""


class NotAllowed(DomainError):
    """The actor may see the thing but not do this to it."""


class Refused(DomainError):
    """The rules say no: `code` is stable, `message` a sentence, `data` what a page shows beside it."""

    def __init__(self, code: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = dict(data or {})


class Invalid(DomainError):
    """The input is wrong: a sentence for each faulty field, `""` standing for the whole.

    Parts of a field are named by a path: `environment_variables.OMP_NUM_THREADS`, `volumes.0.id`.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {fault}" if field else fault for field, fault in fields.items()))
        self.fields = dict(fields)


class Immutable(Invalid):
    """Somebody asked to change what is fixed for ever; no form of ours sends that."""
