"""Environment variables of a scorer: their form, the templates in values, and which are secret (R12, R14)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runtimes.rules.names import quoted, text_fault

VARIABLES_MAX: Final = 500
KEY_MAX: Final = 256
VALUE_MAX: Final = 32_768
DEPTH_MAX: Final = 20
MASK: Final = "••••••••"
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET: Final = re.compile("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL", re.IGNORECASE)
_TAG: Final = re.compile(
    r"\{\s*(?:(?P<count>GPU_COUNT\s*)|(?P<else>else\s*)|(?P<end>/\s*if\s*)|if\b(?P<condition>[^{}]*))\}|\{\s*if\b"
)
_CONDITION: Final = re.compile(r"\s*GPU_COUNT\s*(==|!=|>=|<=|>|<)\s*(-?[0-9]{1,9})\s*")
_OPERATORS: Final[dict[str, Callable[[int, int], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class TemplateFault(ValueError):
    """A broken template; `position` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at position {position})")
        self.position = position


@dataclass(frozen=True)
class _Part:
    """A piece of a value: text, `{GPU_COUNT}`, or a tag that begins, turns or ends a condition."""

    kind: str
    text: str
    position: int


@dataclass
class _Open:
    """A condition on the stack: where it began, whether its branch now holds, whether `{else}` was seen."""

    position: int
    holds: bool
    turned: bool = False


def resolve(value: str, gpu_count: int) -> str:
    """A value with its templates resolved for a number of GPUs; raises TemplateFault."""
    written: list[str] = []
    stack: list[_Open] = []
    for part in _parts(value):
        if part.kind == "if":
            if len(stack) == DEPTH_MAX:
                raise TemplateFault(f"Conditions are nested deeper than {DEPTH_MAX}", part.position)
            stack.append(_Open(part.position, _holds(part, gpu_count)))
        elif part.kind in ("else", "end"):
            if not stack:
                raise TemplateFault(f"{part.text} without a {{if …}} before it", part.position)
            if part.kind == "end":
                stack.pop()
            elif stack[-1].turned:
                raise TemplateFault("A second {else} in one condition", part.position)
            else:
                stack[-1].turned, stack[-1].holds = True, not stack[-1].holds
        elif all(each.holds for each in stack):
            written.append(str(gpu_count) if part.kind == "count" else part.text)
    if stack:
        raise TemplateFault("This {if …} is never closed by {/if}", stack[-1].position)
    return "".join(written)


def uses_template(value: str) -> bool:
    """Whether a value holds anything to resolve."""
    return any(part.kind != "text" for part in _parts(value))


def faults(variables: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each faulty variable by its key; `""` stands for the whole."""
    if len(variables) > VARIABLES_MAX:
        return {"": f"There are {len(variables):,} variables; at most {VARIABLES_MAX} are allowed."}
    found: dict[str, str] = {}
    for key, value in variables.items():
        if fault := _key_fault(key) or text_fault(value, label="The value", maximum=VALUE_MAX):
            found[key] = fault
            continue
        try:
            resolve(value, 0)
        except TemplateFault as fault:
            found[key] = f"{fault}."
    return found


def looks_secret(key: str) -> bool:
    """Whether the value of a variable of this name is to be masked."""
    return bool(_SECRET.search(key))


def masked(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with the values of secret-looking ones masked."""
    return {key: MASK if looks_secret(key) else value for key, value in variables.items()}


def masked_change(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Both sides of a change masked, a changed secret marked as such: its masks alone would look the same."""
    old, new = masked(before), masked(after)
    for key in old.keys() & new.keys():
        if looks_secret(key) and before[key] != after[key]:
            new[key] = f"{MASK} (changed)"
    return old, new


def _key_fault(key: str) -> str:
    if not key:
        return "The variable has no name."
    if len(key) > KEY_MAX:
        return f"The name has {len(key):,} characters; at most {KEY_MAX} are allowed."
    if not _KEY.fullmatch(key):
        return f"{quoted(key)} is not a name of letters, digits and _ that begins with a letter or _."
    return ""


def _parts(value: str) -> Iterator[_Part]:
    """The pieces of a value in order; braces that begin no tag are text."""
    start = 0
    for found in _TAG.finditer(value):
        if found.start() > start:
            yield _Part("text", value[start : found.start()], start + 1)
        position = found.start() + 1
        if found["count"]:
            yield _Part("count", found.group(), position)
        elif found["else"]:
            yield _Part("else", found.group(), position)
        elif found["end"]:
            yield _Part("end", found.group(), position)
        else:
            yield _Part("if", found["condition"] or "", position)
        start = found.end()
    if start < len(value):
        yield _Part("text", value[start:], start + 1)


def _holds(part: _Part, gpu_count: int) -> bool:
    condition = _CONDITION.fullmatch(part.text)
    if condition is None:
        raise TemplateFault(
            f"After {{if comes GPU_COUNT, one of == != > >= < <= and a whole number of up to 9 digits, then }}; "
            f"not {quoted(part.text.strip())}",
            part.position,
        )
    return _OPERATORS[condition[1]](gpu_count, int(condition[2]))
