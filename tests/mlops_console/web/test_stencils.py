"""A stencil prints what its template would print, whatever the texts say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.template import Context, Engine
from django.utils.html import format_html

from mlops_console.web import stencils
from mlops_console.web.stencils import BrokenMark, Stencil

HOSTILE = (
    "<script>alert(1)</script>",
    "\" onclick='x' `",
    "&amp; & &lt;",
    "100% %s %(name)s {name} {{ name }} {% now 'Y' %}",
    "\x00\x02name\x03 \u202e \\1 \\g<0>",
    f"{stencils._KEY}-title; <b>",
    "",
)


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings) -> Path:
    """A folder of templates that the console finds, loaded anew each time."""
    loaders = ["django.template.loaders.filesystem.Loader"]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path], "OPTIONS": {"loaders": loaders}}]
    return tmp_path


def stencil(folder: Path, markup: str) -> Stencil:
    (folder / "row.html").write_text(markup)
    return Stencil("row.html")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_texts_come_out_as_a_template_prints_them(folder: Path, text: str) -> None:
    markup = '<b title="{{ title }}">{{ name }}</b> {{ name }}{% if loud %}!{% endif %}'
    row = stencil(folder, markup)
    texts = {"name": text, "title": f"of {text}", "unused": text}
    printed = Engine.get_default().from_string(markup)
    for loud in (True, False):
        assert row.fill(texts, loud=loud) == printed.render(_context(texts, loud=loud))


def test_marks_of_other_texts_and_kinds_are_texts(folder: Path) -> None:
    row = stencil(folder, "{{ kind }}|{{ first }}|{{ second }}")
    mark = str(stencils._Mark("second", stencils._Names({})))
    assert row.fill({"first": mark, "second": "2"}, kind="second <") == f"second &lt;|{mark}|2"


def test_markup_made_by_us_stays_markup(folder: Path) -> None:
    assert stencil(folder, "{{ name }}").fill({"name": format_html("<b>{}</b>", "<")}) == "<b>&lt;</b>"


def test_a_kind_is_rendered_once(folder: Path) -> None:
    row = stencil(folder, "{{ state|lower }} {{ name }}")
    assert row.fill({"name": "a"}, state="UP") == "up a"
    (folder / "row.html").write_text("changed {{ name }}")
    assert row.fill({"name": "b"}, state="UP") == "up b"
    assert row.fill({"name": "c"}, state="DOWN") == "changed c"


def test_kinds_of_equal_values_of_another_type_differ(folder: Path) -> None:
    row = stencil(folder, "{{ value }}")
    assert [row.fill({}, value=value) for value in (1, True)] == ["1", "True"]


def test_edits_show_while_debugging(folder: Path, settings: LazySettings) -> None:
    settings.DEBUG = True
    row = stencil(folder, "{{ name }}")
    assert row.fill({"name": "a"}) == "a"
    (folder / "row.html").write_text("edited {{ name }}")
    assert row.fill({"name": "a"}) == "edited a"


def test_what_is_filled_does_not_stay(folder: Path) -> None:
    row = stencil(folder, "{{ name }}")
    assert [row.fill({"name": name}) for name in "ab"] == ["a", "b"]


def test_indentation_is_left_out(folder: Path) -> None:
    assert (
        stencil(folder, "\n  <td>\n\n    {{ name }}  x\n  <b>!</b>\n  </td>\n  <td>y</td>\n").fill({"name": "a\n  b"})
        == "<td>a\n  b  x\n<b>!</b></td><td>y</td>"
    )


def test_a_missing_text_is_an_error(folder: Path) -> None:
    with pytest.raises(KeyError, match="nmae"):
        stencil(folder, "{{ nmae }}").fill({"name": "a"}, state="UP")


@pytest.mark.parametrize(
    "markup",
    [
        "{% if name %}x{% endif %}",
        "{% if not name %}x{% endif %}",
        "{% if kind or name == 'a' %}x{% endif %}",
        "{{ name|cut:'-' }}",
        "{{ name|truncatechars:12 }}",
        "{{ name|upper }}",
    ],
)
def test_a_text_that_the_template_looks_into_is_an_error(folder: Path, markup: str) -> None:
    with pytest.raises(BrokenMark):
        stencil(folder, markup).fill({"name": "a"}, kind=False)


def _context(texts: dict[str, str], **kind: Any) -> Context:
    return Context(texts | kind)
