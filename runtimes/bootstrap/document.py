"""From the bytes of a YAML 1.2 document to plain Python, without trusting it."""

from __future__ import annotations

from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from runtimes.bootstrap.faults import Fault, ValuesFaults
from runtimes.rules.names import quoted

SIZE_MAX: Final = 2_000_000
DEPTH_MAX: Final = 50
NODES_MAX: Final = 100_000  # about 2,000 runtimes, read in 3 s
ALIASED_MAX: Final = 10_000
_CORE: Final = "tag:yaml.org,2002:"
_TEXT: Final = f"{_CORE}str"
# YAML 1.2 knows no dates, and neither does Helm: 2026-01-31 is text.
_ALSO_TEXT: Final = frozenset({f"{_CORE}timestamp", f"{_CORE}value"})
_PLAIN: Final = frozenset(f"{_CORE}{kind}" for kind in ("str", "null", "bool", "int", "float", "seq", "map"))


def load(raw: bytes) -> Any:
    """The one document in a file of at most 2 MB; raises ValuesFaults with a single fault."""
    if len(raw) > SIZE_MAX:
        raise ValuesFaults(Fault("", f"The file has {len(raw):,} bytes; at most {SIZE_MAX:,} are allowed."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise ValuesFaults(Fault(f"line {line}", "This is not UTF-8 text.")) from None
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = DEPTH_MAX
    yaml.Composer, yaml.Constructor = _Composer, _Constructor
    try:
        return yaml.load(text)
    except YAMLError as fault:
        raise ValuesFaults(_told(fault, text)) from None


class _Composer(Composer):
    """Refuses duplicate keys and bounds what aliases stand for: ten short lines can stand for 10^9 values."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self._nodes = 0
        self._aliased = 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        event, before = self.parser.peek_event(), self._nodes
        node = super().compose_node(parent, index)
        if isinstance(event, AliasEvent):
            self._nodes += self._size(node, event)
        else:
            self._nodes += 1
            if self._nodes > NODES_MAX:
                problem = f"the file holds more than {NODES_MAX:,} values"
                raise ComposerError(None, None, problem, event.start_mark)
            if node.anchor is not None:
                self._sizes[id(node)] = self._nodes - before
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise ComposerError(None, None, "a key must be text", key.start_mark)
            if key.value in seen:
                raise ComposerError(None, None, f"the key {quoted(key.value)} is given twice", key.start_mark)
            seen.add(key.value)
            if key.value != "<<":
                key.tag = _TEXT  # a file of Helm becomes JSON, where 8080 as a key is text too
        return node

    def _size(self, node: Any, event: Any) -> int:
        size = self._sizes.get(id(node))
        if size is None:
            raise ComposerError(None, None, f"the alias *{event.anchor} stands for itself", event.start_mark)
        self._aliased += size
        if self._aliased > ALIASED_MAX:
            problem = f"the aliases up to here stand for more than {ALIASED_MAX:,} values"
            raise ComposerError(None, None, problem, event.start_mark)
        return size


class _Constructor(SafeConstructor):
    """Makes text, numbers, booleans, lists and mappings; any complaint has its place in the file."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node.tag in _ALSO_TEXT:
            node.tag = _TEXT
        if node.tag not in _PLAIN:
            raise ConstructorError(None, None, f"the tag {quoted(node.tag)} has no place here", node.start_mark)
        try:
            if isinstance(node, ScalarNode):
                node.value.encode()  # an escape such as "\ud800" makes text that no database stores
            return super().construct_object(node, deep)
        except (ValueError, KeyError, IndexError):
            kind = node.tag.removeprefix(_CORE)
            raise ConstructorError(None, None, f"this cannot be read as {kind}", node.start_mark) from None


def _told(fault: YAMLError, text: str) -> Fault:
    """A parser's complaint in one line."""
    match fault:
        case ReaderError():
            line = text.count("\n", 0, fault.position) + 1
            return Fault(f"line {line}", f"The character U+{fault.character:04X} is not allowed.")
        case MaxDepthExceededError():
            problem = f"this is nested deeper than {DEPTH_MAX} levels"
        case MarkedYAMLError():
            problem = ": ".join(part for part in (fault.context, fault.problem) if part)
            if r"'\t'" in problem:
                problem = "a tab cannot stand here; use spaces"
        case _:
            return Fault("", str(fault))
    mark = fault.problem_mark or fault.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return Fault(where, f"{problem[:1].upper()}{problem[1:]}.")
