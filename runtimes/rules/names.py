"""Ids and plain texts (R1)."""

from __future__ import annotations

import re
from base64 import b32encode
from typing import Final

UID_MAX: Final = 63
RESERVED_UIDS: Final = frozenset({"new", "bulk", "columns", "reference"})
DISPLAY_NAME_MAX: Final = 200
DESCRIPTION_MAX: Final = 2000
_UID: Final = re.compile(r"[a-z](?:[a-z0-9_-]*[a-z0-9])?")
# Control characters but tab and \n, lone surrogates, which no database stores, and what turns text round. \r is
# among them: a browser sends it back as another line end, so that whoever saves a form changes the text unawares.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_NOT_ON_A_LINE: Final = re.compile(r"[\t\n\u2028\u2029]")
_QUOTED_MAX: Final = 60
_ENTROPY_MIN: Final = 7
_WORDS: Final = {"\x00": "a NUL character", "\r": "a carriage return", "\t": "a tab"}
_MODEL_TYPE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_./-]{0,98}[A-Za-z0-9])?")


def check_uid(text: str) -> str:
    """A well-formed id of a runtime or image; raises ValueError saying what is allowed."""
    if len(text) > UID_MAX:
        raise ValueError(f"The ID has {len(text):,} characters; at most {UID_MAX} are allowed.")
    if text in RESERVED_UIDS:
        raise ValueError(f"The ID {text} is reserved: it has a meaning of its own in addresses.")
    if not _UID.fullmatch(text):
        raise ValueError(
            "The ID begins with a lower-case letter, goes on with lower-case letters, digits, - and _, "
            f"and ends with a letter or digit; {_misplaced(text)}."
        )
    return text


def _misplaced(uid: str) -> str:
    """Which character keeps a text from being an id."""
    if not uid:
        return "this one is empty"
    found = re.search(r"^[^a-z]|[^a-z0-9_-]|[_-]\Z", uid)
    return f"{found.group()!r} at position {found.start() + 1} does not fit" if found else "this one does not"


def check_model_type(name: str) -> str:
    """A well-formed name of a model type; raises ValueError saying what is allowed."""
    if not _MODEL_TYPE.fullmatch(name):
        raise ValueError(
            "A model type is 1 to 100 letters, digits, -, _, . and /, with a letter or digit at both ends."
        )
    return name


def check_display_name(text: str) -> str:
    """A name for people, on one line and without blanks around it; raises ValueError."""
    return check_text(text, label="Name", maximum=DISPLAY_NAME_MAX, required=True, one_line=True)


def check_description(text: str) -> str:
    """A description without blanks around it; raises ValueError."""
    return check_text(text, label="Description", maximum=DESCRIPTION_MAX)


def check_text(text: str, *, label: str, maximum: int, required: bool = False, one_line: bool = False) -> str:
    r"""A text without blanks around it, its line ends as \n.

    Raises ValueError when it is too long, blank though required, or holds control characters; `one_line` counts
    tabs and line ends inside the text among those.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    stripped = plain.strip()
    if required and not stripped:
        raise ValueError(f"{label} must not be blank.")
    fault = _length_fault(stripped, label, maximum) or _character_fault(plain, label)
    if one_line and not fault:
        fault = _line_fault(plain.rstrip(), label, start=len(plain) - len(plain.lstrip()))
    if fault:
        raise ValueError(fault)
    return stripped


def text_fault(text: str, *, label: str, maximum: int, one_line: bool = False) -> str:
    """What is wrong with a text that is stored verbatim, or `""`: its length and its characters.

    `one_line` allows neither tabs and line ends nor blanks around the text.
    """
    fault = _length_fault(text, label, maximum) or _character_fault(text, label)
    if fault or not one_line:
        return fault
    padded = f"{label} {quoted(text)} has blanks around it; leave them out." if text != text.strip() else ""
    return _line_fault(text, label) or padded


def quoted(text: object) -> str:
    """A text as a sentence may name it: in quotes, escaped where unprintable, cut where long."""
    whole = text if isinstance(text, str) else repr(text)
    return repr(whole if len(whole) <= _QUOTED_MAX else f"{whole[:_QUOTED_MAX]}…")


def new_uid(prefix: str, entropy: bytes) -> str:
    """An id such as `r-k3v9qd2mxa` out of random bytes; raises ValueError for fewer than 7 of them."""
    if len(entropy) < _ENTROPY_MIN:
        raise ValueError(f"an id takes at least {_ENTROPY_MIN} random bytes")
    return prefix + b32encode(entropy).decode().lower()[:10]


def _length_fault(text: str, label: str, maximum: int) -> str:
    if len(text) <= maximum:
        return ""
    return f"{label} has {len(text):,} characters; at most {maximum:,} are allowed."


def _character_fault(text: str, label: str) -> str:
    found = _UNPRINTABLE.search(text)
    if found is None:
        return ""
    what = _WORDS.get(found.group(), f"the control character U+{ord(found.group()):04X}")
    return f"{label} holds {what} at position {found.start() + 1}; use plain text."


def _line_fault(text: str, label: str, start: int = 0) -> str:
    found = _NOT_ON_A_LINE.search(text, start)
    if found is None:
        return ""
    what = _WORDS.get(found.group(), "a line break")
    return f"{label} holds {what} at position {found.start() + 1}; it is a single line."
