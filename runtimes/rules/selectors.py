"""Selectors: which experiments a runtime serves, by their metadata (R14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runtimes.rules.names import quoted, text_fault

ENTRIES_MAX: Final = 100
KEY_MAX: Final = 253
VALUE_MAX: Final = 1024
_ESCAPES: Final = re.compile(r"%3F|%26", re.IGNORECASE)


class Absent(StrEnum):
    """What a missing key means to an entry."""

    FAIL = ""
    MATCH = "match"
    REQUIRE = "require"


@dataclass(frozen=True)
class Match:
    """Whether metadata passes a selector, and why not."""

    ok: bool
    reason: str = ""


def parse_key(key: str) -> tuple[str, Absent]:
    """The metadata key of an entry and what its absence means; raises ValueError for an unknown suffix."""
    name, mark, suffix = key.partition("?")
    name = _ESCAPES.sub(lambda found: "?" if found.group().upper() == "%3F" else "&", name)
    if not name.strip():
        raise ValueError("The key is blank.")
    if not mark:
        return name, Absent.FAIL
    try:
        return name, {"absent=match": Absent.MATCH, "absent=require": Absent.REQUIRE}[suffix]
    except KeyError:
        raise ValueError(
            f"After ? only absent=match or absent=require is allowed, not {quoted(suffix)}; write a literal ? as %3F."
        ) from None


def faults(selector: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each faulty entry by its key; `""` stands for the whole."""
    if len(selector) > ENTRIES_MAX:
        return {"": f"The selector has {len(selector):,} entries; at most {ENTRIES_MAX} are allowed."}
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for key, value in selector.items():
        try:
            name, _ = parse_key(key)
        except ValueError as fault:
            found[key] = str(fault)
            continue
        told = (
            text_fault(name, label="The key", maximum=KEY_MAX, one_line=True)
            or text_fault(value, label="The value", maximum=VALUE_MAX)
            or (f"{quoted(seen[name])} asks for the same key." if name in seen else "")
        )
        if told:
            found[key] = told
        seen.setdefault(name, key)
    return found


def matches(selector: Mapping[str, str], metadata: Mapping[str, str]) -> Match:
    """Whether all entries hold for an experiment's metadata; an empty selector matches everything.

    Raises ValueError for a selector that `faults` would not pass.
    """
    for key, wanted in selector.items():
        name, absent = parse_key(key)
        if name not in metadata:
            if absent is Absent.FAIL:
                return Match(False, f"the experiment has no {quoted(name)}; {quoted(wanted)} is asked for")
        elif absent is Absent.REQUIRE:
            return Match(False, f"the experiment has {quoted(name)}, which must be absent")
        elif metadata[name] != wanted:
            return Match(False, f"{quoted(name)} is {quoted(metadata[name])}; {quoted(wanted)} is asked for")
    return Match(True)
