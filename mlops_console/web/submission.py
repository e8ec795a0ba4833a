"""One road from a posted form to an action and back to the person, whatever comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

from django.http import HttpRequest

from mlops_console.errors import Immutable, Invalid, Refused
from mlops_console.web.errors import status_of

T = TypeVar("T")


@dataclass(frozen=True)
class Submission(Generic[T]):
    """What came of a form: `done` when the action went through, else what to show with which status."""

    status: HTTPStatus = HTTPStatus.OK
    done: T | None = None
    refused: Refused | None = None

    @property
    def refusal(self) -> str:
        """The sentence of the refusal, or `""`."""
        return self.refused.message if self.refused else ""


def submit(
    request: HttpRequest,
    *,
    check: Callable[[], bool],
    perform: Callable[[], T],
    blame: Callable[[Invalid], None],
) -> Submission[T]:
    """On a POST, check the form and perform its action; on other methods do nothing.

    `blame` puts what the rules found at the fields. Missing and NotAllowed pass through to their pages.
    """
    if request.method != "POST":
        return Submission()
    if not check():
        return Submission(HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return Submission(done=perform())
    except Invalid as fault:
        blame(fault)
        # A faulty form is shown again to be mended; what no form sends is a bad request.
        tampered = isinstance(fault, Immutable)
        return Submission(HTTPStatus.BAD_REQUEST if tampered else HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refused as fault:
        return Submission(status_of(fault), refused=fault)
