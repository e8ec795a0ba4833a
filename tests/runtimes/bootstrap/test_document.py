"""Reading YAML that was written badly or with bad intent."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtimes.bootstrap.document import DEPTH_MAX, NODES_MAX, SIZE_MAX, load
from runtimes.bootstrap.faults import Fault, ValuesFaults

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGE_BOMB = "a0: &a0 {k: v}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("# only a comment\n", None, id="comment"),
        pytest.param("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}, id="byte-order-mark"),
        pytest.param("a: no\nb: on\nc: 012\n", {"a": "no", "b": "on", "c": 12}, id="yaml-1.2"),
        pytest.param("a: 2026-01-31\nb: 2026-99-99\n", {"a": "2026-01-31", "b": "2026-99-99"}, id="dates-are-text"),
        pytest.param("a: =\n", {"a": "="}, id="equals-sign"),
        pytest.param("8080: a\ntrue: b\n2026-01-31: c\n", {"8080": "a", "true": "b", "2026-01-31": "c"}, id="keys"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}, id="anchor-twice"),
        pytest.param(
            "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n",
            {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}},
            id="merge",
        ),
    ],
)
def test_documents(text: str, read: Any) -> None:
    assert load(text.encode()) == read


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        pytest.param(b"a: 1\nb:\n  c: 1\n  c: 2\n", "line 4, column 3", "The key 'c' is given twice.", id="twice"),
        pytest.param(b"1: a\n'1': b\n", "line 2, column 1", "The key '1' is given twice.", id="twice-as-text"),
        pytest.param(
            b"x: &x {a: 1}\ny:\n  <<: *x\n  b: 1\n  b: 2\n",
            "line 5, column 3",
            "The key 'b' is given twice.",
            id="twice-beside-a-merge",
        ),
        pytest.param(b"a:\n\tb: 1\n", "line 2, column 1", "A tab cannot stand here; use spaces.", id="tab"),
        pytest.param(b"a: [1, 2\n", "line 2, column 1", None, id="unclosed"),
        pytest.param(b"a: 'b\n", "line 2, column 1", None, id="unclosed-quote"),
        pytest.param(b"a:\n   b: 1\n  c: 2\n", "line 3, column 3", None, id="indentation"),
        pytest.param(b"a: b: c\n", "line 1, column 5", None, id="two-colons"),
        pytest.param(b"a: 1\n---\nb: 2\n", "line 2, column 1", None, id="two-documents"),
        pytest.param(b"a: 1\nb: \xff\n", "line 2", "This is not UTF-8 text.", id="not-utf-8"),
        pytest.param("a: 1".encode("utf-16"), "line 1", "This is not UTF-8 text.", id="utf-16"),
        pytest.param(b"a: 1\nb: \0\n", "line 2", "The character U+0000 is not allowed.", id="nul"),
        pytest.param(b'a: "\\ud800"\n', "line 1, column 4", "This cannot be read as str.", id="lone-surrogate"),
        pytest.param(b"a: " + b"9" * 10_000, "line 1, column 4", "This cannot be read as int.", id="huge-number"),
        pytest.param(b"a: !!bool maybe\n", "line 1, column 4", "This cannot be read as bool.", id="no-bool"),
        pytest.param(b"a: !!python/object/apply:os.system [ls]\n", "line 1, column 4", None, id="python-tag"),
        pytest.param(b"a: !!set {b}\n", "line 1, column 4", None, id="set"),
        pytest.param(b"? [a, b]\n: 1\n", "line 1, column 3", "A key must be text.", id="list-as-key"),
        pytest.param(b"a: *b\n", "line 1, column 4", "Found undefined alias 'b'.", id="undefined-alias"),
        pytest.param(b"a: &a [*a]\n", "line 1, column 8", "The alias *a stands for itself.", id="alias-of-itself"),
        pytest.param(b"a: &a\n  <<: *a\n", "line 2, column 7", "The alias *a stands for itself.", id="self-merge"),
        pytest.param(
            BOMB.encode(),
            "line 4, column 45",
            "The aliases up to here stand for more than 10,000 values.",
            id="alias-bomb",
        ),
        pytest.param(
            MERGE_BOMB.encode(),
            None,
            "The aliases up to here stand for more than 10,000 values.",
            id="merge-bomb",
        ),
        pytest.param(
            b"[" * 20_000,
            f"line 1, column {DEPTH_MAX + 1}",
            f"This is nested deeper than {DEPTH_MAX} levels.",
            id="deep-lists",
        ),
        pytest.param(b"- " * 20_000, None, f"This is nested deeper than {DEPTH_MAX} levels.", id="deep-blocks"),
        pytest.param(
            b"x" * (SIZE_MAX + 1),
            "",
            "The file has 2,000,001 bytes; at most 2,000,000 are allowed.",
            id="too-big",
        ),
        pytest.param(
            b"x: y\n" * 4_000_000,
            "",
            "The file has 20,000,000 bytes; at most 2,000,000 are allowed.",
            id="20-megabytes",
        ),
    ],
)
def test_faults_are_told_with_their_place_and_at_once(raw: bytes, path: str | None, message: str | None) -> None:
    start = time.process_time()
    with pytest.raises(ValuesFaults) as caught:
        load(raw)
    assert time.process_time() - start < 1
    (fault,) = caught.value.faults
    assert path in (None, fault.path)
    assert message in (None, fault.message)
    assert "\n" not in str(fault)


def test_a_file_may_hold_so_many_values_only() -> None:
    with pytest.raises(ValuesFaults) as caught:
        load(b"[" + b"a," * NODES_MAX + b"]")
    assert caught.value.faults[0].message == "The file holds more than 100,000 values."


def test_a_fault_as_a_line() -> None:
    assert str(Fault("line 3", "This is not UTF-8 text.")) == "line 3: This is not UTF-8 text."
    assert str(Fault("", "The file is too big.")) == "The file is too big."
    assert str(ValuesFaults(Fault("a", "b"), Fault("c", "d"))) == "a: b\nc: d"
