"""The list language of the API: what `filter` and `orderBy` say, taken apart without knowing any field.

    filter    = term { " AND " term } | term { " OR " term }
    term      = condition | "(" [ filter ] ")"
    condition = field operator value, the operator one of = != < <= > >= : and in
    value     = 'text' | word | timestamp('2026-01-02T03:04:05Z'), and after in a list of them, written as Python does
    orderBy   = field [ " asc" | " desc" ] { ", " field [ " asc" | " desc" ] }

A text outside a list knows no escapes: it ends at the first quote that is followed by the end, a logical word, or
a `)` for which a `(` is open. So `'it's'` is it's.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

FILTER_MAX: Final = 10_000
DEPTH_MAX: Final = 32
ORDER_MAX: Final = 10
_QUOTED_MAX: Final = 60
# Control characters but tab and \n, and lone surrogates: no name holds them, and the database does not take them all.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_WORD: Final = re.compile(r"[A-Za-z0-9_.+-]+")
_OPERATOR: Final = re.compile(r"!=|<=|>=|[=<>:]|in(?![A-Za-z0-9_.+-])")
_LOGICAL: Final = re.compile(r"(?:AND|OR|NOT)(?= |\Z)")
_CLOSING: Final = re.compile(r"'(?= *\Z| +(?:AND|OR|NOT)(?: |\Z))")
_CLOSING_INSIDE: Final = re.compile(r"'(?= *(?:\Z|\))| +(?:AND|OR|NOT)(?: |\Z))")
_TIMESTAMP: Final = re.compile(r"timestamp *\((?: *'([^']*)' *\))?")
_LITERAL: Final = re.compile(r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\"""", re.DOTALL)
# What Python prints for a member of an enum: <RuntimeState.ACTIVE: 'ACTIVE'>.
_MEMBER: Final = re.compile(rf"<([A-Za-z0-9_.]++): (?:{_LITERAL.pattern}|{_WORD.pattern})>", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED: Final = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}
_SET: Final = re.compile(r"(?:frozen)?set\(")
_OPENING: Final = re.compile(r"[\[({]")
_ORDERED: Final = re.compile(r" *([A-Za-z0-9_.+-]++)(?: +(asc|desc))? *")
_NO_NOT: Final = "NOT is not understood: say what is wanted with != or in"


class LanguageFault(ValueError):
    """A text that is not in the language, or says what cannot be; `position` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at position {position})")
        self.position = position


@dataclass(frozen=True)
class _Item:
    text: str
    position: int = dataclasses.field(default=0, compare=False)


class Text(_Item):
    """A text that stood in quotes."""


class Word(_Item):
    """What stood there bare: a state, perhaps with its class before a dot, a number, true, None."""


class Instant(_Item):
    """What stood inside timestamp('…'), as yet unread."""


@dataclass(frozen=True)
class Listed:
    """The list after `in`."""

    items: tuple[Text | Word | Instant, ...]
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class Condition:
    """A field held against a value."""

    field: str
    operator: str
    value: Text | Word | Instant | Listed
    position: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class _Terms:
    terms: tuple[Expression, ...]


class Every(_Terms):
    """All of these hold; of none at all, that is true."""


class Some(_Terms):
    """At least one of these holds."""


@dataclass(frozen=True)
class Ordered:
    """A field to sort by."""

    field: str
    descending: bool = False
    position: int = dataclasses.field(default=0, compare=False)


Item: TypeAlias = Text | Word | Instant
Expression: TypeAlias = Condition | Every | Some


def parse_filter(text: str) -> Expression:
    """What a filter says; raises LanguageFault."""
    _check(text, "filter")
    return Every(()) if not text.strip(" ") else _Reader(text).whole()


def parse_order(text: str) -> tuple[Ordered, ...]:
    """The fields that an order names, each once; raises LanguageFault."""
    _check(text, "order")
    found: dict[str, Ordered] = {}
    start = 0
    for part in text.split(",") if text.strip(" ") else ():
        position = start + len(part) - len(part.lstrip(" ")) + 1
        if len(found) == ORDER_MAX:
            raise LanguageFault(f"At most {ORDER_MAX} fields are taken", position)
        said = _ORDERED.fullmatch(part)
        if not said:
            raise LanguageFault(f"Here comes a field and then nothing, asc or desc, not {quoted(part)}", position)
        if said[1] in found:
            raise LanguageFault(f"The field {quoted(said[1])} is named twice", position)
        found[said[1]] = Ordered(said[1], said[2] == "desc", position)
        start += len(part) + 1
    return tuple(found.values())


def quoted(text: str) -> str:
    """A text as a sentence may name it: in quotes, escaped where unprintable, cut where long."""
    return repr(text if len(text) <= _QUOTED_MAX else f"{text[:_QUOTED_MAX]}…")


def _check(text: str, what: str) -> None:
    if len(text) > FILTER_MAX:
        message = f"The {what} has {len(text):,} characters; at most {FILTER_MAX:,} are allowed"
        raise LanguageFault(message, FILTER_MAX + 1)
    if found := _UNPRINTABLE.search(text):
        raise LanguageFault(f"The control character U+{ord(found.group()):04X} has no place here", found.start() + 1)


class _Reader:
    """Reads a filter from left to right and never goes back, so that its time grows with the text only.

    Between two steps it stands at the beginning of a token, past the blanks before it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.open: list[int] = []
        self._move(0)

    def whole(self) -> Expression:
        """The expression that the text is."""
        expression = self._level()
        if self.at < len(self.text):
            self._refuse("This ) closes nothing" if self._sees(")") else self._trailing())
        return expression

    def _level(self) -> Expression:
        """Terms joined by one logical word."""
        terms, joint = [self._term()], ""
        while found := _LOGICAL.match(self.text, self.at):
            if found.group() == "NOT":
                self._refuse(_NO_NOT)
            if joint not in ("", found.group()):
                self._refuse("AND and OR on one level are ambiguous: use parentheses")
            joint = self._take(_LOGICAL)
            terms.append(self._term())
        if not joint:
            return terms[0]
        return Every(tuple(terms)) if joint == "AND" else Some(tuple(terms))

    def _term(self) -> Expression:
        if not self._sees("("):
            return self._condition()
        if len(self.open) == DEPTH_MAX:
            self._refuse(f"Parentheses are nested deeper than {DEPTH_MAX}")
        self.open.append(self.at)
        self._move(self.at + 1)
        expression = Every(()) if self._sees(")") else self._level()
        if self.at == len(self.text):
            self._refuse("This ( is never closed", self.open[-1])
        if not self._take_one(")"):
            self._refuse(self._trailing())
        self.open.pop()
        return expression

    def _condition(self) -> Condition:
        start = self.at
        if word := _LOGICAL.match(self.text, start):
            self._refuse(_NO_NOT if word.group() == "NOT" else f"A condition is missing before {word.group()}")
        name = self._take(_WORD)
        if not name:
            self._refuse(f"Here comes a condition, which begins with a field, not {self._next()}")
        operator = self._take(_OPERATOR)
        if not operator:
            word = _LOGICAL.match(self.text, self.at)
            wanted = f"After the field {quoted(name)} comes one of = != < <= > >= in and :, not {self._next()}"
            self._refuse(_NO_NOT if word and word.group() == "NOT" else wanted)
        return Condition(name, operator, self._list() if operator == "in" else self._value(operator), start + 1)

    def _value(self, operator: str) -> Item:
        start = self.at
        if self._sees("'"):
            closing = (_CLOSING_INSIDE if self.open else _CLOSING).search(self.text, start + 1)
            if not closing:
                self._refuse("This text never ends: after its last quote comes the end, AND, OR, or a ) that is open")
            self._move(closing.end())
            return Text(self.text[start + 1 : closing.start()], start + 1)
        return self._bare(f"After {operator} comes a text in single quotes, a word or a timestamp")

    def _bare(self, wanted: str) -> Word | Instant:
        start = self.at
        if instant := _TIMESTAMP.match(self.text, start):
            if instant[1] is None:
                self._refuse("A timestamp is written timestamp('2026-01-02T03:04:05Z')")
            self._move(instant.end())
            return Instant(instant[1], start + 1)
        word = "" if _LOGICAL.match(self.text, start) else self._take(_WORD)
        if not word:
            self._refuse(f"{wanted}, not {self._next()}")
        return Word(word, start + 1)

    def _list(self) -> Listed:
        start = self.at
        wrapped = bool(self._take(_SET))
        if wrapped and self._take_one(")"):
            return Listed((), start + 1)
        opening = self._take(_OPENING)
        if not opening:
            self._refuse(f"After in comes a list such as ['a', 'b'], not {self._next()}")
        closing = {"[": "]", "(": ")", "{": "}"}[opening]
        items: list[Item] = []
        while not self._take_one(closing):
            items.append(self._item())
            if not self._take_one(",") and not self._sees(closing):
                self._refuse(f"In a list comes , or {closing} after a value, not {self._next()}")
        if wrapped and not self._take_one(")"):
            self._refuse(f"Here comes the ) of a set, not {self._next()}")
        return Listed(tuple(items), start + 1)

    def _item(self) -> Item:
        start = self.at
        if literal := self._take(_LITERAL):
            return Text(_ESCAPE.sub(lambda found: _unescaped(found, start + 1), literal[1:-1]), start + 1)
        if member := _MEMBER.match(self.text, start):
            self._move(member.end())
            return Word(member[1], start + 1)
        return self._bare("In a list comes a text in quotes, a word or a timestamp")

    def _move(self, at: int) -> None:
        self.at = at
        while self._sees(" "):
            self.at += 1

    def _sees(self, character: str) -> bool:
        return self.text.startswith(character, self.at)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """What matches here, or `""`."""
        found = pattern.match(self.text, self.at)
        if found:
            self._move(found.end())
        return found.group() if found else ""

    def _take_one(self, character: str) -> bool:
        seen = self._sees(character)
        if seen:
            self._move(self.at + 1)
        return seen

    def _next(self) -> str:
        return quoted(self.text[self.at : self.at + _QUOTED_MAX + 1]) if self.at < len(self.text) else "the end"

    def _trailing(self) -> str:
        return f"Here comes AND or OR between blanks, {') or' if self.open else 'or'} the end, not {self._next()}"

    def _refuse(self, message: str, at: int | None = None) -> NoReturn:
        raise LanguageFault(message, (self.at if at is None else at) + 1)


def _unescaped(found: re.Match[str], start: int) -> str:
    """The character that an escape in a list stands for; `start` is where the text begins in the filter."""
    digits = found[1] or found[2] or found[3] or "0"
    number = int(digits, 16) or ord(_ESCAPED.get(found[4], "\0"))
    character = chr(number) if number <= sys.maxunicode else "\0"
    if _UNPRINTABLE.match(character):
        raise LanguageFault("This escape stands for no printable character", start + found.start() + 1)
    return character
