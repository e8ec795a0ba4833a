"""What the file of a model says about itself: what sort of model it is, and what else is worth keeping."""

from __future__ import annotations

import zipfile
from configparser import ConfigParser
from configparser import Error as BrokenIni
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deployments.engines.local.scorer.artifact import load
from deployments.engines.local.scorer.model_file import BrokenModel

# The directory of a zip is read whole: a file that is mostly directory would fill the memory.
DIRECTORY_MAX: Final = 16 * 1024 * 1024
INI_MAX: Final = 1024 * 1024
_ZIP: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_COMMENT_MAX: Final = 65_535
_MOJO: Final = "model.ini"


@dataclass(frozen=True)
class Ingested:
    """What was found; `model_type` is `""` where the file does not say, `fault` why it cannot be read."""

    model_type: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


def ingest(path: Path) -> Ingested:
    """Look into the file of a model. A file of no known form is as good as one that says nothing."""
    try:
        with path.open("rb") as file:
            packed = file.read(len(_ZIP)) == _ZIP
        if not packed:
            return _described(path)
        if _directory_size(path) > DIRECTORY_MAX:
            return Ingested(fault="The zip has too many files to look into.")
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if _MOJO in names and archive.getinfo(_MOJO).file_size <= INI_MAX:
                return _mojo(archive.read(_MOJO).decode("utf-8", "replace"))
        if any(name.rpartition("/")[2] == "pipeline.mojo" for name in names):
            return Ingested("dai_mojo_pipeline", {"tool": "Driverless AI", "model_type": "dai_mojo_pipeline"})
        return _described(path)
    except FileNotFoundError:
        return Ingested(fault="There is no file yet.")
    except BrokenModel as fault:
        return Ingested(fault=f"{str(fault)[:1].upper()}{str(fault)[1:]}.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as fault:
        return Ingested(fault=f"The zip cannot be read: {fault}.")


def _described(path: Path) -> Ingested:
    """The inputs and outputs of a model.json; an echo has none that it knows of."""
    model, _ = load(str(path))
    if not model.inputs:
        return Ingested()
    return Ingested(
        metadata={
            "tool": "model.json",
            "input_schema": [{"name": name, "type": kind} for name, kind in model.inputs],
            "output_schema": [{"name": name, "type": kind} for name, kind in model.outputs],
        }
    )


def _mojo(text: str) -> Ingested:
    """What the description in an H2O-3 MOJO says."""
    parser = ConfigParser(interpolation=None, allow_no_value=True, strict=False, delimiters=("=",))
    try:
        # The sections below it hold columns and domains, not settings.
        parser.read_string(text.partition("\n[columns]")[0])
        info = dict(parser["info"])
    except (BrokenIni, KeyError):
        return Ingested(fault=f"{_MOJO} in the zip is not that of an H2O-3 MOJO.")
    known = {"h2o3/category": info.get("category"), "h2o3/algo_full_name": info.get("algorithm")}
    found = {key: value for key, value in known.items() if value}
    return Ingested("h2o3_mojo", {"tool": "H2O-3", "model_type": "h2o3_mojo", **found})


def _directory_size(path: Path) -> int:
    """How many bytes the directory of a zip says that it takes, 0 where it has none that can be found."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_SIZE - _COMMENT_MAX))
        tail = file.read()
    at = tail.rfind(_END)
    return int.from_bytes(tail[at + 12 : at + 16], "little") if 0 <= at <= len(tail) - _END_SIZE else 0
