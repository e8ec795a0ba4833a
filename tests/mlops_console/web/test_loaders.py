"""What becomes of a template's blanks on their way."""

from __future__ import annotations

import pytest

from mlops_console.web.loaders import without_indent


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        pytest.param("<p>\n    one\n    two\n  </p>\n", "<p>\none\ntwo\n</p>\n", id="indentation"),
        pytest.param("<p>one two  three</p>", "<p>one two  three</p>", id="blanks within a line"),
        pytest.param("{% if a %}\n\n\n  x\n{% endif %}", "{% if a %}\nx\n{% endif %}", id="blank lines"),
        pytest.param("a\n  <pre>\n  b\n  </pre>\n  c", "a\n<pre>\n  b\n  </pre>\nc", id="as it stands"),
        pytest.param(
            "<textarea a>\n b</textarea>\n  <pre>\n d</pre>", "<textarea a>\n b</textarea>\n<pre>\n d</pre>", id="two"
        ),
        pytest.param("<prefix>\n  a</prefix>", "<prefix>\na</prefix>", id="another tag"),
    ],
)
def test_blanks(source: str, sent: str) -> None:
    assert without_indent(source) == sent
