"""Reads pages as a browser does that has no scripts: links, texts, and forms with what they would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlencode

from django.test import Client

BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@dataclass
class FormOnPage:
    """A form and the fields that pressing its button sends."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class PageOfApi(HTMLParser):
    """A page of the API, taken apart."""

    def __init__(self, status: int, html: str) -> None:
        super().__init__()
        self.status, self.html = status, html
        self.links: dict[str, str] = {}
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.all_forms: list[FormOnPage] = []
        self.alert = ""
        self._link = self._area = ""
        self._open = False
        self._alert_depth = 0
        self.feed(html)

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        """What the forms of the address send, by the method that they stand for."""
        return {
            form.fields.get("_method", "POST"): form.fields
            for form in self.all_forms
            if form.method == "post" and form.action.startswith("/api/")
        }

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note links, forms and their controls."""
        given = {name: value or "" for name, value in attributes}
        self.tags.add(tag)
        self.attributes.update(given)
        if tag == "div":
            self._alert_depth += 1 if self._alert_depth or given.get("role") == "alert" else 0
        elif tag == "a":
            self._link = given.get("href", "")
        elif tag == "form":
            self._open = True
            self.all_forms.append(FormOnPage(given.get("method", "get"), given.get("action", "")))
        elif tag == "textarea" and self._open:
            self._area = given["name"]
            self.all_forms[-1].fields[self._area] = ""
        elif tag == "input" and self._open and (given.get("type") != "checkbox" or "checked" in given):
            self.all_forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        """Note what links say, and what is typed into text areas."""
        if self._area:
            self.all_forms[-1].fields[self._area] += data
        if self._link:
            self.links[data.strip().strip('"')] = self._link
        if self._alert_depth:
            self.alert = f"{self.alert} {data.strip()}".strip()

    def handle_endtag(self, tag: str) -> None:
        """Note where things end."""
        if tag == "a":
            self._link = ""
        elif tag == "form":
            self._open = False
        elif tag == "textarea":
            self._area = ""
        elif tag == "div" and self._alert_depth:
            self._alert_depth -= 1


def look(client: Client, path: str, **query: str) -> PageOfApi:
    """What a browser shows at an address."""
    return _page(client.get(path, query, headers=BROWSER))


def send(client: Client, path: str, fields: dict[str, str]) -> PageOfApi:
    """What a browser shows once a form was sent."""
    return _page(client.post(path, urlencode(fields), "application/x-www-form-urlencoded", headers=BROWSER))


def _page(answer: Any) -> PageOfApi:
    assert answer.headers["Content-Type"].startswith("text/html")
    return PageOfApi(answer.status_code, answer.content.decode())
