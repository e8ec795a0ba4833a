"""Widgets of our own write what Django's would."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test.html import parse_html

from runtimes.web.forms import SelectWidget

HOSTILE = "\"><img src=x onerror='alert(1)'> & %s {{ name }} {}"


@pytest.mark.parametrize("value", ["", "a", HOSTILE, "not offered"])
@pytest.mark.parametrize("attrs", [{}, {"required": True, "hx-vals": HOSTILE}, {"disabled": False}])
def test_a_select_is_written_as_django_writes_it(value: str, attrs: dict[str, Any]) -> None:
    choices = [("", "Choose one"), ("a", "A"), (HOSTILE, HOSTILE)]
    ours = SelectWidget(attrs, choices).render(HOSTILE, value)
    assert parse_html(ours) == parse_html(forms.Select(attrs, choices).render(HOSTILE, value))


def test_its_field_is_a_select_to_templates() -> None:
    class Form(forms.Form):
        one = forms.ChoiceField(widget=SelectWidget)

    assert Form()["one"].widget_type == "select"
