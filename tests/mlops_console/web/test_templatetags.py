"""What the template tags print."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django import forms
from django.conf import settings
from django.forms import formset_factory
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.html import escape

from mlops_console.web import icons
from mlops_console.web.navigation import Link
from mlops_console.web.stencils import BrokenMark
from mlops_console.web.templatetags import console

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Filters(forms.Form):
    q = forms.CharField(label="Search", required=False)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), ("DEPRECATED", "Deprecated")])
    kinds = forms.MultipleChoiceField(
        label="Kinds",
        required=False,
        choices=[("a", "Alpha"), ("b", "Beta")],
        widget=forms.CheckboxSelectMultiple,
    )


def render(source: str, query: str = "", **context: Any) -> str:
    request = RequestFactory().get(f"/list/?{query}")
    return Template("{% load console %}" + source).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param(timedelta(seconds=59), "just now", id="under a minute"),
        pytest.param(timedelta(minutes=1), "1 minute ago", id="one minute"),
        pytest.param(timedelta(minutes=59, seconds=59), "59 minutes ago", id="under an hour"),
        pytest.param(timedelta(hours=23), "23 hours ago", id="hours"),
        pytest.param(timedelta(days=30), "30 days ago", id="thirty days"),
        pytest.param(timedelta(days=31), "24 Oct 2026", id="a date further back"),
        pytest.param(timedelta(hours=-2), "in 2 hours", id="to come"),
        pytest.param(timedelta(days=-40), "3 Jan 2027", id="a date to come"),
    ],
)
def test_relative_time(before: timedelta, words: str) -> None:
    assert console.relative(NOW - before, NOW) == words


def test_ago_is_exact_in_its_title() -> None:
    assert 'datetime="2026-11-24T12:00:00+00:00" title="24 Nov 2026, 12:00:00 UTC"' in console.ago(NOW)
    assert console.ago(None) == "–"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        pytest.param(0, "0 rows", id="none"),
        pytest.param(1, "1 row", id="one"),
        pytest.param(1234, "1,234 rows", id="thousands"),
        pytest.param(10_000, "10,000 rows", id="at the cap"),
        pytest.param(10_001, "10,000+ rows", id="above the cap"),
    ],
)
def test_row_count(count: int, words: str) -> None:
    assert console.row_count(count) == words


@pytest.mark.parametrize(
    ("state", "tone", "word"),
    [
        pytest.param("ACTIVE", "good", "Active", id="known"),
        pytest.param("<b>", "plain", "&lt;b&gt;", id="unknown and escaped"),
    ],
)
def test_state_badge(state: str, tone: str, word: str) -> None:
    badge = console.state_badge(state)
    assert badge.startswith(f'<span class="badge {tone}" data-icon="')
    assert badge.endswith(f"{word}</span>")


def test_the_style_sheet_draws_each_icon_of_a_badge_as_the_others_are_drawn() -> None:
    badges = [path.read_text() for path in Path(settings.BASE_DIR, "templates").rglob("*.html")]
    used = {str(console.state_badge(state)) for state in (*console._STATES, "UNHEARD_OF")} | set(badges)
    names = {name for text in used for name in re.findall(r'data-icon="([a-z0-9-]+)"', text)}
    drawn = unquote(Path(settings.BASE_DIR, "static/console.css").read_text())
    symbols = dict(re.findall(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*)</symbol>', icons.FILE.read_text()))
    assert {"file-down", "globe", "user", "circle", "circle-check"} <= names
    for name in names:
        rule = drawn.partition(f'[data-icon="{name}"] {{')[2].partition("}")[0]
        assert symbols[name].replace('"', "'") in rule, name


def test_icons_are_silent_and_known() -> None:
    assert 'aria-hidden="true"' in console.icon("lock")
    with pytest.raises(icons.UnknownIcon):
        console.icon("no-such-icon")


def test_every_icon_is_drawn() -> None:
    """`python -m mlops_console.web.icons` draws them."""
    assert icons.FILE.read_text(encoding="utf-8") == icons.sheet()


def test_every_icon_that_a_template_names_exists() -> None:
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")
    names = {name for path in templates for name in re.findall(r'(?:icon |icon=|symbol=)"([^"]+)"', path.read_text())}
    assert names
    for name in sorted(names):
        console.icon(name)


@pytest.mark.parametrize(
    ("sort", "first", "direction", "target"),
    [
        pytest.param("name", "", None, "sort=updated", id="another column"),
        pytest.param("name", "-", None, "sort=-updated", id="another column, downwards first"),
        pytest.param("updated", "", "ascending", "sort=-updated", id="turns round"),
        pytest.param("-updated", "", "descending", "sort=updated", id="turns back"),
    ],
)
def test_sort_header(sort: str, first: str, direction: str | None, target: str) -> None:
    header = render(
        '{% sort_header "updated" "Updated" first=first %}', "q=a%20b&page=x&sort=name", sort=sort, first=first
    )
    assert f'href="/list/?q=a+b&amp;{target}"' in header
    assert ("aria-sort" in header) == (direction is not None)
    assert direction is None or f'aria-sort="{direction}"' in header


def test_sort_headers_say_and_escape_what_they_are_given() -> None:
    source = '{% sort_header "id" label first="-" css="end" title=title %}'
    for label in ("<b>", "Plain"):  # the second time beside what was kept of the first
        header = " ".join(render(source, 'q="><script>', label=label, title='a "b"').split())
        assert header.startswith('<th scope="col" class="end" title="a &quot;b&quot;" >')
        assert (
            f'<a class="sort" id="sort-id" href="/list/?q=%22%3E%3Cscript%3E&amp;sort=-id">{escape(label)}</a>'
            in header
        )


def test_addresses_are_those_of_their_query() -> None:
    for query, rest in (
        ("q=1", "q=1&amp;"),
        ("q=2", "q=2&amp;"),
        ("", ""),
        ("kinds=a&kinds=%C3%A4", "kinds=a&amp;kinds=%C3%A4&amp;"),
    ):
        assert render('{% page_url "t" %}', query) == f"/list/?{rest}page=t"
        assert f'href="/list/?{rest}sort=name"' in render('{% sort_header "name" "Name" %}', query)


def test_what_a_template_says_is_kept_for_its_values() -> None:
    links = (Link("A & B", "/a/", "cpu", current=True), Link("C", "/c/", "cpu", current=False))
    source = '{% kept "components/_navigation.html" links=links administration=none %}'
    for shown in (links, links[1:], links):
        printed = render(source, links=shown, none=())
        assert re.findall(r'<a href="(/\w/)"', printed) == [link.url for link in shown]
        assert ("A &amp; B" in printed) == ("aria-current" in printed) == (len(shown) == 2)


def test_what_a_kept_template_is_not_told_it_may_not_ask() -> None:
    with pytest.raises(BrokenMark):
        render('{% kept "components/_empty.html" icon="x" title="Nothing" %}', text="Of the page.")


@pytest.mark.parametrize("typed", ["", "DEPRECATED", "<b>", "None"])
def test_a_filter_shows_what_was_chosen_in_it(typed: str) -> None:
    for each in (typed, "ACTIVE", typed):  # the last time as it was kept of the first
        filters = Filters({"state": each, "q": each})
        printed = render("{% for field in filters %}{% filter_field field %}{% endfor %}", filters=filters)
        for name in ("state", "q", "kinds"):
            assert "".join(str(filters[name]).split()) in "".join(printed.split())
        assert ('aria-invalid="true"' in printed) is bool(filters.errors)
    assert f' value="{escape(typed)}"' in printed or not typed


def test_a_filter_without_a_value_is_not_one_of_none() -> None:
    shown = [render("{% filter_field field %}", field=Filters(data)["q"]) for data in ({"q": "None"}, {})]
    assert ["None" in each for each in shown] == [True, False]


def test_a_filter_that_is_wrong_beside_others_says_so() -> None:
    filters = [Filters({"q": "a"}), Filters({"q": "a"})]
    filters[1].add_error("q", "Not with that state.")
    printed = [render("{% filter_field field %}", field=each["q"]) for each in filters]
    assert ['aria-invalid="true"' in each for each in printed] == [False, True]


def test_page_url_keeps_the_query() -> None:
    assert render('{% page_url "t" %}', "q=x&page=old") == "/list/?q=x&amp;page=t"
    assert render('{% page_url "" %}', "page=old") == "/list/"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param("", ["q", "kinds", "kinds", "rows"], id="all"),
        pytest.param('only="rows q"', ["q", "rows"], id="only some"),
        pytest.param('without="kinds"', ["q", "rows"], id="without some"),
    ],
)
def test_carry(options: str, names: list[str]) -> None:
    inputs = render("{% carry " + options + " %}", 'q="><script>&kinds=a&kinds=b&rows=50')
    assert re.findall(r'name="(\w+)"', inputs) == names
    assert "<script>" not in inputs


def test_carry_for_a_form_elsewhere() -> None:
    assert render('{% carry form="filters" %}', "rows=50") == (
        '<input type="hidden" name="rows" value="50" form="filters">'
    )


def test_active_filters_speak_the_words_of_their_choices() -> None:
    request = RequestFactory().get("/list/?q=+&state=DEPRECATED&kinds=a&kinds=b&page=x&rows=50")
    chips = console.active_filters(Context({"request": request}), Filters(request.GET))
    assert [(chip.label, chip.value) for chip in chips] == [("State", "Deprecated"), ("Kinds", "Alpha, Beta")]
    assert chips[0].clear_url == "/list/?q=+&kinds=a&kinds=b&rows=50"


def test_faults_of_a_form_and_of_its_rows() -> None:
    form = Filters({"state": "NO"})
    form.add_error(None, "Together they make no sense.")
    rows = formset_factory(Filters)({"x-TOTAL_FORMS": "2", "x-INITIAL_FORMS": "0", "x-1-kinds": ["c"]}, prefix="x")
    faults = console.form_faults(form, [rows, Filters()])
    assert [(fault.id, fault.label) for fault in faults] == [
        ("", ""),
        ("id_state", "State"),
        ("id_x-1-kinds_0", "Kinds 2"),
    ]
    assert console.form_faults("", "") == []


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param({"name": "a"}, {"name": "b"}, [("name", "a", "b")], id="a text"),
        pytest.param({}, {"name": "b", "description": ""}, [("name", "", "b")], id="a new thing"),
        pytest.param(
            {"env": {"A": "1", "B": "2"}}, {"env": {"A": "1"}}, [("env.B", "2", "")], id="only the entry that differs"
        ),
        pytest.param({"on": False}, {"on": True}, [("on", "false", "true")], id="no texts"),
        pytest.param(None, {"list": [1, "ä"]}, [("list", "", '[1, "ä"]')], id="a list"),
    ],
)
def test_changes(before: dict[str, Any] | None, after: dict[str, Any], changes: list[tuple[str, str, str]]) -> None:
    assert [(each.field, each.before, each.after) for each in console.changes(before, after)] == changes


@pytest.mark.parametrize(
    ("verb", "word"), [("create", "created"), ("bootstrap", "applied"), ("revoke", "revoked"), ("add", "added")]
)
def test_past(verb: str, word: str) -> None:
    assert console.past(verb) == word


def test_only_sentences_are_shown_of_errors() -> None:
    assert console.sentence("There is no workspace lab.") == "There is no workspace lab."
    assert console.sentence("Resolver404") == ""


def test_long_names_may_break_and_stay_escaped() -> None:
    assert console.breakable("dai_mojo") == "dai_<wbr>mojo"
    assert console.breakable("host:5000/<b>") == "host:<wbr>5000/<wbr>&lt;b&gt;"
