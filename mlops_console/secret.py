"""The key that signs sessions and tokens of forms."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mlops_console import env
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault

MINIMUM_LENGTH = 50


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, else what SECRET_KEY_FILE holds, else a key made once and kept in the data folder."""
    if value := env.text("SECRET_KEY"):
        return _long_enough("SECRET_KEY", value)
    if file := env.file("SECRET_KEY_FILE"):
        return _long_enough("SECRET_KEY_FILE", file.read_text(encoding="utf-8").strip())
    return _kept_key(data_dir / "secret_key")


def _long_enough(name: str, value: str) -> str:
    if len(value) < MINIMUM_LENGTH:
        raise SettingFault(name, "…", f"at least {MINIMUM_LENGTH} characters, not {len(value)}")
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
        return _long_enough(str(file), file.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise StartFault(f"the data folder {file.parent} cannot be used: {error.strerror}") from None
