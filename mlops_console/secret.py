"""Secrets: the key that signs sessions and tokens of forms, and the token that asks for metrics."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from mlops_console import env
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault

MINIMUM_LENGTH = 50
SHORTEST_TOKEN = 32


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, else what SECRET_KEY_FILE holds, else a key made once and kept in the data folder."""
    return _given("SECRET_KEY", MINIMUM_LENGTH) or _kept_key(data_dir / "secret_key")


def former_keys() -> list[str]:
    """SECRET_KEY_FALLBACKS: keys that were SECRET_KEY before, separated by commas, whose signatures still count."""
    return [_long_enough("SECRET_KEY_FALLBACKS", key, MINIMUM_LENGTH) for key in env.words("SECRET_KEY_FALLBACKS")]


def metrics_token() -> str:
    """METRICS_TOKEN, else what METRICS_TOKEN_FILE holds, else nothing; raises SettingFault for what is no token."""
    token = _given("METRICS_TOKEN", SHORTEST_TOKEN)
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token):
        raise SettingFault("METRICS_TOKEN", "…", "letters, digits and any of . _ ~ + / -, as a bearer token is written")
    return token


def _given(name: str, shortest: int) -> str:
    if value := env.text(name):
        return _long_enough(name, value, shortest)
    if file := env.file(f"{name}_FILE"):
        return _long_enough(f"{name}_FILE", file.read_text(encoding="utf-8").strip(), shortest)
    return ""


def _long_enough(name: str, value: str, shortest: int) -> str:
    if len(value) < shortest:
        raise SettingFault(name, "…", f"at least {shortest} characters, not {len(value)}")
    return value


def _kept_key(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # written aside and linked into place: of two first starts at once, both end with the same whole key
            aside = file.with_name(f"{file.name}.{os.getpid()}")
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(64))
            with suppress(FileExistsError):
                os.link(aside, file)
            aside.unlink()
        return _long_enough(str(file), file.read_text(encoding="utf-8").strip(), MINIMUM_LENGTH)
    except OSError as error:
        raise StartFault(f"the data folder {file.parent} cannot be used: {error.strerror}") from None
