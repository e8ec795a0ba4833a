"""Measurements know the console; the console knows nothing of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.cast import Cast

ROOT = Path(settings.BASE_DIR)


def test_no_module_of_the_console_imports_measurements() -> None:
    sources = [
        ROOT / "manage.py",
        *(each for app in ("mlops_console", "runtimes", "deployments") for each in (ROOT / app).rglob("*.py")),
    ]
    assert len(sources) > 100
    assert [each for each in sources if re.search(r"^\s*(?:from|import) bench\b", each.read_text(), re.MULTILINE)] == []


@pytest.mark.django_db
def test_a_console_has_neither_the_floor_nor_the_admin(cast: Cast) -> None:
    client: Client = cast.client("admin")
    assert "django.contrib.admin" not in settings.INSTALLED_APPS
    for path in ("/floor/workspaces/-/runtimes/", "/floor/api/runtime/v1/workspaces/-/runtimes", "/admin/"):
        assert client.get(path).status_code == 404
