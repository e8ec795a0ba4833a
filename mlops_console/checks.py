"""System checks: settings that are well formed and yet a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as CheckWarning


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A console for others that answers to every name, or only to names of this machine."""
    if "*" in settings.ALLOWED_HOSTS:
        return [
            CheckWarning(
                "ALLOWED_HOSTS lets requests for any host name in.",
                hint="Name the hosts people type: ALLOWED_HOSTS=console.example.org",
                id="console.W001",
            )
        ]
    if not set(settings.ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}:
        return [
            CheckWarning(
                "Only requests to this machine's own names are answered.",
                hint="Name the hosts people type: ALLOWED_HOSTS=console.example.org",
                id="console.W002",
            )
        ]
    return []
