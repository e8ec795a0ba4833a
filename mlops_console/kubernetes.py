"""What the engine for clusters has to be told, from the environment."""

from __future__ import annotations

import importlib.util
import re
from typing import Any, Final
from urllib.parse import urlsplit

from mlops_console import env
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault

_PREFIX: Final = "KUBERNETES_"
_LABEL: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PLACE: Final = "{workspace}"
# What is left of 63 characters for an id where a namespace names its workspace.
_AROUND_MAX: Final = 40


def kubernetes_settings() -> dict[str, Any]:
    """The options of the engine by their names; raises SettingFault, and StartFault where its client is missing."""
    if importlib.util.find_spec("lightkube") is None:
        raise StartFault(
            "ENGINE is 'kubernetes', and lightkube is not installed: install the extra `kubernetes`, "
            "as requirements-kubernetes.lock does"
        )
    return {
        "kubeconfig": env.file(f"{_PREFIX}KUBECONFIG") or env.file("KUBECONFIG"),
        "context": env.text(f"{_PREFIX}CONTEXT"),
        "namespace": _namespace(f"{_PREFIX}NAMESPACE"),
        "create_namespaces": env.flag(f"{_PREFIX}CREATE_NAMESPACES", default=True),
        "gateway": _needed(f"{_PREFIX}GATEWAY", f"{_LABEL}/{_LABEL}", "the Gateway's namespace/name"),
        "address": _url(f"{_PREFIX}ADDRESS"),
        "fetch_image": _needed(f"{_PREFIX}FETCH_IMAGE", r"[A-Za-z0-9][\w./:@-]*", "an image that holds this console"),
        "pull_secrets": tuple(_names(f"{_PREFIX}PULL_SECRETS")),
        "min_ready_seconds": env.integer(f"{_PREFIX}MIN_READY_SECONDS", default=5, minimum=0, maximum=3600),
        "grace_seconds": env.integer(f"{_PREFIX}GRACE_SECONDS", default=60, minimum=1, maximum=24 * 3600),
        "resync_seconds": env.integer(f"{_PREFIX}RESYNC_SECONDS", default=300, minimum=10, maximum=24 * 3600),
    }


def console_url() -> str:
    """Where pods reach this console; raises SettingFault."""
    return _url(f"{_PREFIX}CONSOLE_URL")


def _namespace(name: str) -> str:
    value = env.text(name, f"mlops-{_PLACE}")
    around = value.replace(_PLACE, "", 1)
    is_whole = re.fullmatch(_LABEL, value.replace(_PLACE, "w", 1))
    if not is_whole or (around != value and len(around) > _AROUND_MAX):
        raise SettingFault(name, value, f"a namespace, with {_PLACE} in it where each workspace is to have its own")
    return value


def _needed(name: str, pattern: str, allowed: str) -> str:
    value = env.text(name)
    if not re.fullmatch(pattern, value, re.ASCII):
        raise SettingFault(name, value, f"{allowed}; ENGINE=kubernetes needs it")
    return value


def _url(name: str) -> str:
    value = env.text(name).rstrip("/")
    parts = urlsplit(value)
    is_plain = re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?", value) and parts.hostname
    if not is_plain:
        raise SettingFault(name, value, "an address such as https://models.example.org; ENGINE=kubernetes needs it")
    return value


def _names(name: str) -> list[str]:
    found = env.words(name)
    for each in found:
        if not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", each):
            raise SettingFault(name, each, "names of Secrets separated by commas")
    return found
