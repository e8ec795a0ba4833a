"""Finding the model in an artifact: a zip with a model.json in it, or the model.json itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deployments.engines.local.scorer.model_file import BrokenModel, model_from
from deployments.engines.local.scorer.models import Echo, Model

NAME = "model.json"
LARGEST_MODEL = 8_000_000  # bytes
_ZIP = b"PK\x03\x04"


def load(path: str) -> tuple[Model, str]:
    """The model in the artifact and its id, an echo where there is none; raises BrokenModel, OSError."""
    if not path:
        return Echo(), ""
    artifact = Path(path)
    with artifact.open("rb") as file:
        packed = file.read(len(_ZIP)) == _ZIP
    text = _unpacked(artifact) if packed else _plain(artifact)
    if text is None:
        return Echo(), ""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if not packed:
            return Echo(), ""  # some other kind of model, which this scorer cannot read
        raise BrokenModel(f"{NAME} in the artifact is not JSON: {error}") from None
    if not packed and not _meant(content):
        return Echo(), ""
    try:
        return model_from(content)
    except BrokenModel as fault:
        raise BrokenModel(f"{NAME} in the artifact cannot be served: {fault}") from None


def _meant(content: Any) -> bool:
    return isinstance(content, dict) and "kind" in content and "inputs" in content


def _plain(artifact: Path) -> bytes | None:
    return artifact.read_bytes() if artifact.stat().st_size <= LARGEST_MODEL else None


def _unpacked(artifact: Path) -> bytes | None:
    import zipfile  # a plain file need not pay for it

    try:
        with zipfile.ZipFile(artifact) as archive:
            found = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2] == NAME]
            if not found:
                return None
            entry = min(found, key=lambda each: each.filename.count("/"))
            if entry.file_size > LARGEST_MODEL:
                raise BrokenModel(
                    f"{NAME} in the artifact has {entry.file_size:,} bytes; at most {LARGEST_MODEL:,} are read"
                )
            return archive.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise BrokenModel(f"the artifact is a zip that cannot be read: {error}") from None
