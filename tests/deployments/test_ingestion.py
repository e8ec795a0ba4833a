"""What a model's file says about itself."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from deployments import ingestion
from deployments.ingestion import Ingested, ingest

LINEAR = {"kind": "linear", "inputs": [{"name": "x", "coefficient": 2}, {"name": "city", "levels": {"Oslo": 1}}]}
SCHEMA = {
    "tool": "model.json",
    "input_schema": [{"name": "x", "type": "Float64"}, {"name": "city", "type": "Str"}],
    "output_schema": [{"name": "score", "type": "Float64"}],
}
INI = """[info]
h2o_version = 3.46.0
algo = gbm
algorithm = Gradient Boosting Machine
category = Binomial

[columns]
AGE
AGE

[domains]
"""


def packed(folder: Path, **files: Any) -> Path:
    path = folder / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return path


def plain(folder: Path, content: bytes) -> Path:
    path = folder / "model"
    path.write_bytes(content)
    return path


def test_a_model_json_tells_its_inputs_and_outputs(tmp_path: Path) -> None:
    expected = Ingested(metadata=SCHEMA)
    assert ingest(packed(tmp_path, **{"deep/model.json": LINEAR})) == expected
    assert ingest(plain(tmp_path, json.dumps(LINEAR).encode())) == expected


def test_a_mojo_of_h2o_3_tells_what_it_is(tmp_path: Path) -> None:
    found = ingest(packed(tmp_path, **{"model.ini": INI, "domains/d000.txt": "a"}))
    assert found == Ingested(
        "h2o3_mojo",
        {
            "tool": "H2O-3",
            "model_type": "h2o3_mojo",
            "h2o3/category": "Binomial",
            "h2o3/algo_full_name": "Gradient Boosting Machine",
        },
    )


def test_a_pipeline_of_driverless_ai_tells_what_it_is(tmp_path: Path) -> None:
    assert ingest(packed(tmp_path, **{"mojo-pipeline/pipeline.mojo": "x"})).model_type == "dai_mojo_pipeline"


@pytest.mark.parametrize("content", [b"", b"anything", b"{}", b"[1"])
def test_a_file_of_no_known_form_says_nothing(tmp_path: Path, content: bytes) -> None:
    assert ingest(plain(tmp_path, content)) == Ingested()
    assert ingest(packed(tmp_path, other="x")) == Ingested()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"PK\x03\x04 and no more", "The zip cannot be read", id="cut off"),
        pytest.param(b'{"kind": "cubic", "inputs": []}', "kind is linear or logistic", id="a model that is none"),
    ],
)
def test_a_file_that_cannot_be_served_says_why(tmp_path: Path, content: bytes, told: str) -> None:
    assert told in ingest(plain(tmp_path, content)).fault


def test_a_broken_description_says_why(tmp_path: Path) -> None:
    assert "is not that of an H2O-3 MOJO" in ingest(packed(tmp_path, **{"model.ini": "nothing"})).fault
    assert "not JSON" in ingest(packed(tmp_path, **{"model.json": "{"})).fault


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    assert ingest(tmp_path / "nothing").fault == "There is no file yet."


def test_a_zip_of_very_many_files_is_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "DIRECTORY_MAX", 100)
    path = packed(tmp_path, **{f"file{number}": "x" for number in range(9)})
    assert ingest(path).fault == "The zip has too many files to look into."
