"""What pages repeat, such as rows: a template is rendered once for each kind, and filled in for each row."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from html import escape
from secrets import token_hex
from typing import Any, Final

from django.conf import settings
from django.template import Context, Engine
from django.utils.safestring import SafeString

KINDS: Final = 1024  # of one template that are kept
_KEY: Final = token_hex(8)  # known to nobody, so that no value of a kind can pass for a mark
_INDENTED: Final = re.compile(r"(?:\s*\n\s*)?(</?(?:tr|th|td)\b[^>]*>)(?:\s*\n\s*)?|\s*\n\s*")
_MARK: Final = re.compile(f"{_KEY}-(\\w+);")


class BrokenMark(ValueError):
    """A template tests or changes what is only filled in later; it belongs into the kind."""


class Stencil:
    """A template of which every name is either part of the kind or a text that is filled in."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._kept = lru_cache(maxsize=KINDS, typed=True)(self._render)

    def fill(self, texts: Mapping[str, str], /, **kind: Hashable) -> SafeString:
        """The template with its texts, escaped like in any template; raises KeyError for a missing one, BrokenMark.

        `kind` is what decides on the markup: the template may test it and pass it through filters, and is rendered
        once for each combination of its values, of which there should be few.
        """
        parts, names = (self._render if settings.DEBUG else self._kept)(**kind)
        filled = parts.copy()
        filled[1::2] = [text if isinstance(text := texts[name], SafeString) else escape(text) for name in names]
        return SafeString("".join(filled))  # the parts come from the template, the texts are safe or escaped

    def _render(self, **kind: Hashable) -> tuple[list[str], list[str]]:
        """The markup between the marks with room for each text, and the names of the texts."""
        names = _Names(kind)
        markup = Engine.get_default().get_template(self._template).render(names)
        # Indentation is for readers of the template; it would be a quarter of the weight of a page.
        parts = _MARK.split(_INDENTED.sub(lambda found: found[1] or "\n", markup.strip()))
        if names.tested or names.printed != parts[1::2]:
            raise BrokenMark(f"{self._template} tests or changes a text: put it into the kind.")
        return parts, parts[1::2]


def joined(rows: Iterable[SafeString]) -> SafeString:
    """Filled rows as one text."""
    return SafeString("".join(rows))  # each of them is safe


class _Names(Context):
    """The names of a kind; any other stands for itself."""

    def __init__(self, kind: dict[str, Hashable]) -> None:
        super().__init__(kind)
        self.tested: list[str] = []
        self.printed: list[str] = []

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key) if key in self else _Mark(key, self)


class _Mark:
    """The place of a text; it notes what is done to it, as Django passes over errors in the middle of a condition."""

    def __init__(self, name: str, names: _Names) -> None:
        self._name = name
        self._names = names

    def __str__(self) -> str:
        self._names.printed.append(self._name)
        return f"{_KEY}-{self._name};"

    def __bool__(self) -> bool:
        self._names.tested.append(self._name)
        return True

    def __eq__(self, other: object) -> bool:
        self._names.tested.append(self._name)
        return False

    __hash__ = None  # type: ignore[assignment] # what is compared is not looked up either
