"""Filling the console for a first look, and the note of its logins."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runtimes.demo
from mlops_console.faults import StartFault

CATALOGUE = Path(runtimes.demo.__file__).parent / "catalogue" / "values.yaml"
PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Logins:
    """What demo.json tells beside the address."""

    password: str
    tokens: dict[str, str]
    workspace: str
    other_workspace: str


def fill(note: Path, catalogue: Path | None) -> Logins:
    """Make the demo's people, rows and deployments, or what is missing of them, keeping secrets of an earlier start.

    Deployments are made while the demo's catalogue grows; where another one is given, only those that need none.
    """
    from deployments.demo.seed import seed_deployments
    from runtimes.demo.seed import seed_demo

    kept = _read(note)
    password = kept.get("password") or secrets.token_urlsafe(PASSWORD_BYTES)
    world = seed_demo(password=password, tokens=kept.get("tokens") or {})
    seed_deployments(catalogue if catalogue == CATALOGUE else None, world.workspace, world.other_workspace)
    return Logins(password, world.tokens, world.workspace, world.other_workspace)


def write_note(note: Path, url: str, logins: Logins) -> None:
    """Write demo.json, readable by its owner only, in one piece."""
    content = {
        "url": url,
        "password": logins.password,
        "tokens": logins.tokens,
        "workspace": logins.workspace,
        "other_workspace": logins.other_workspace,
    }
    aside = note.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(content, out, indent=2)
        out.write("\n")
    aside.replace(note)


def _read(note: Path) -> dict[str, Any]:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StartFault(f"{note} cannot be read ({error}): remove it, and new logins are made") from None
    if not isinstance(content, dict):
        raise StartFault(f"{note} is not what a demo writes: remove it, and new logins are made")
    return content
