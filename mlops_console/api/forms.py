"""The plain forms of the browsable API: what each asks, and what somebody typed into it already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mlops_console.api.parsers import CONTENT

GUARD: Final = "_if_match"

Kind = Literal["line", "text", "tick"]
Typed = Mapping[str, str]


@dataclass(frozen=True)
class Ask:
    """One thing that a form of POST asks for: a field of the body, or a query parameter where `?` leads its name."""

    name: str
    help: str
    kind: Kind = "line"

    @property
    def label(self) -> str:
        """The wire's own word."""
        return self.name.removeprefix("?")


@dataclass(frozen=True)
class Control:
    """A control of a form, as it is shown."""

    ask: Ask
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form that posts to its own address; `method` is what it means by that."""

    method: str
    heading: str
    confirm: str
    controls: tuple[Control, ...] = ()
    content: str | None = None
    # The ETag that the row had when the form was shown, and whether another one is to stop it.
    etag: str = ""
    guarded: bool = True
    operation: str = ""

    @property
    def id(self) -> str:
        """What the ids of its controls begin with."""
        return self.method.lower()


def to_post(asks: Iterable[Ask], example: Mapping[str, Any], typed: Typed, *, title: str) -> Form:
    """The form that makes something or carries out a verb; `typed` is what it was last sent with, if it was."""
    return Form(
        method="POST",
        heading=title,
        confirm=title,
        controls=tuple(Control(ask, typed.get(ask.name, "")) for ask in asks),
        content=_content(typed, example) if example else None,
    )


def to_patch(row: Mapping[str, Any], changeable: Iterable[str], typed: Typed, *, etag: str) -> Form:
    """The form that changes a row, beginning with what may be changed of it; `typed` as above."""
    present = {key: row[key] for key in changeable if key in row}
    return Form(
        method="PATCH",
        heading="Change",
        confirm="Save changes",
        content=_content(typed, present),
        etag=typed.get("_etag", etag),
        guarded=GUARD in typed or not typed,
    )


def to_delete(name: str) -> Form:
    """The form that removes something."""
    return Form(method="DELETE", heading="Delete", confirm=f"Delete {name}")


def _content(typed: Typed, beginning: Mapping[str, Any]) -> str:
    return typed[CONTENT] if CONTENT in typed else json.dumps(beginning, indent=2, ensure_ascii=False)
