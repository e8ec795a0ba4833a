"""The reference scorer over HTTP: numbers, shapes and refusals."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from h2o_mlops import options
from h2o_mlops._deployments import MLOpsDeploymentScorer
from h2o_mlops.types import SecurityType

from tests.deployments.engines.harness import asked, connected
from tests.deployments.engines.local.scorer.process import Running, running
from tests.mlops_console.machine import eventually

PRICE = {
    "kind": "linear",
    "id": "exp-1",
    "target": "price",
    "intercept": 10,
    "inputs": [
        {"name": "rooms", "coefficient": 2.5},
        {"name": "age", "coefficient": -1, "default": 4},
        {"name": "city", "levels": {"Oslo": 100, "Bergen": 50}, "default": "Bergen"},
    ],
}
CHURN = {
    "kind": "logistic",
    "target": "churn",
    "intercept": -1,
    "labels": ["no", "yes"],
    "inputs": [{"name": "calls", "coefficient": 0.5}],
}


@pytest.fixture(scope="module")
def price(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A linear model."""
    folder = tmp_path_factory.mktemp("price")
    with running(folder, "--image=h2oai/s:1.2.3", "--version=v1.2.3", "--base=/d-1.a-1", model=PRICE) as scorer:
        assert eventually(scorer.ready)
        yield scorer


def test_a_linear_model_adds_up(price: Running) -> None:
    """Numbers, numbers as text, levels, and defaults for what is missing."""
    rows = [[2, 3, "Oslo"], ["4", None, ""], [0, "0", "Bergen"]]
    answer = price.score({"fields": ["rooms", "age", "city"], "rows": rows})
    assert answer == {"id": "exp-1", "fields": ["price"], "score": [[112.0], [66.0], [60.0]]}
    assert price.score({"fields": ["city", "other", "rooms"], "rows": [["Oslo", "?", 1]]})["score"] == [[108.5]]
    assert price.score({"rooms": [1, 2], "city": ["Oslo", "Bergen"]})["score"] == [[108.5], [61.0]]


def test_a_response_repeats_what_was_asked_for(price: Running) -> None:
    """Input fields beside the score, or no names at all."""
    request = {"fields": ["rooms", "city"], "rows": [[2, "Oslo"]], "includeFieldsInOutput": ["city"]}
    answer = price.score(request)
    assert (answer["fields"], answer["score"]) == (["city", "price"], [["Oslo", 111.0]])
    assert "fields" not in price.score({**request, "noFieldNamesInOutput": True})


def test_a_logistic_model_answers_probabilities(tmp_path: Path) -> None:
    """Of both labels, also far out where a naive formula overflows."""
    with running(tmp_path, model=CHURN) as scorer:
        assert eventually(scorer.ready)
        answer = scorer.score({"fields": ["calls"], "rows": [[2], [6], [1e6], [-1e6]]})
    assert answer["fields"] == ["churn.no", "churn.yes"]
    assert answer["score"][0] == [0.5, 0.5]
    assert answer["score"][1] == pytest.approx([1 - 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(-2))])
    assert answer["score"][2:] == [[0.0, 1.0], [1.0, 0.0]]


def test_it_describes_itself(price: Running) -> None:
    """Schema, sample, capabilities, id; each answer names image and version."""
    schema = price.ask("/model/schema")
    inputs = [
        {"name": name, "dataType": kind} for name, kind in [("rooms", "Float64"), ("age", "Float64"), ("city", "Str")]
    ]
    outputs = [{"name": "price", "dataType": "Float64"}]
    assert schema.json()["schema"] == {"inputFields": inputs, "outputFields": outputs}
    assert (schema.json()["input_fields"], schema.json()["output_fields"]) == (inputs, outputs)
    assert "linear model of price" in schema.json()["description"]
    assert (schema.headers["X-Scorer-Image"], schema.headers["X-Scorer-Version"]) == ("h2oai/s:1.2.3", "v1.2.3")
    sample = price.ask("/model/sample_request").json()
    assert sample == {"fields": ["rooms", "age", "city"], "rows": [[0, 4, "Bergen"]]}
    assert price.score(sample)["score"] == [[56.0]]
    assert price.ask("/model/capabilities").json() == ["SCORE"]
    assert price.ask("/model/id").body == b"exp-1"
    assert price.ask("/readyz").body == b"ready"


def test_the_published_client_understands_it(price: Running) -> None:
    """Every call of its scorer that is about rows."""
    address = f"{price.address}/d-1.a-1/model"
    metadata = SimpleNamespace(
        name="workspaces/w/deployments/d/metadata",
        scoring_interface=SimpleNamespace(
            score=SimpleNamespace(uri=f"{address}/score"),
            sample_request=SimpleNamespace(uri=f"{address}/sample_request"),
            capabilities=SimpleNamespace(uri=f"{address}/capabilities"),
        ),
    )
    client: Any = SimpleNamespace(_ssl_context=False)
    scorer = MLOpsDeploymentScorer(client, metadata, options.SecurityOptions(security_type=SecurityType.DISABLED))
    assert scorer.readiness() == "ready"
    assert scorer.is_reachable()
    assert scorer.capabilities() == ["SCORE"]
    assert scorer.schema()["input_fields"][0] == {"name": "rooms", "dataType": "Float64"}
    assert scorer.score(scorer.sample_request())["score"] == [[56.0]]


def test_an_artifact_without_a_model_is_an_echo(tmp_path: Path) -> None:
    """And says so."""
    (tmp_path / "pipeline.mojo").write_bytes(b"\0\1\2")
    with running(tmp_path, f"--artifact={tmp_path / 'pipeline.mojo'}", "--id=a") as scorer:
        assert eventually(scorer.ready)
        assert "no model.json: each row is given back" in scorer.ask("/model/schema").json()["description"]
        answer = scorer.score({"fields": ["x", "y"], "rows": [[1, "a"], [None, True]]})
        assert answer == {"id": "a", "fields": ["x", "y"], "score": [[1, "a"], [None, True]]}
        assert scorer.score(scorer.ask("/model/sample_request").json())["score"] == [[1]]


def test_a_zip_is_looked_through(tmp_path: Path) -> None:
    """The model nearest to the top is the one."""
    with zipfile.ZipFile(tmp_path / "artifact.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/er/model.json", "{}")
        archive.writestr("mojo/model.json", '{"kind": "linear", "inputs": [{"name": "x", "coefficient": 3}]}')
    with running(tmp_path, f"--artifact={tmp_path / 'artifact.zip'}") as scorer:
        assert eventually(scorer.ready)
        assert scorer.score({"x": [2]})["score"] == [[6.0]]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\xff", "not JSON"),
        ('{"rooms": [NaN]}', "NaN is no number of JSON"),
        ("[" * 100_000, "nested too deeply"),
        ([], "not a JSON object"),
        ({}, "Give fields and rows"),
        ({"rooms": 1}, "Give fields and rows"),
        ({"rooms": [1], "age": [1, 2]}, "of the same length"),
        ({"fields": "rooms", "rows": []}, "fields is not a list of field names"),
        ({"fields": ["rooms"], "rows": [1]}, "rows is not a list of lists"),
        ({"fields": ["rooms"]}, "rows is not a list of lists"),
        ({"fields": ["rooms"], "rows": []}, "no rows"),
        ({"fields": ["rooms"], "rows": [[1], [1, 2]]}, "Row 2 has 2 values for 1 fields"),
        ({"fields": ["rooms", "rooms"], "rows": [[1, 2]]}, "named twice"),
        ({"fields": ["age"], "rows": [[1]]}, "no field 'rooms'; needed are rooms, age, city"),
        ({"fields": ["rooms"], "rows": [[1], [None]]}, "Row 2 has no value for 'rooms'"),
        ({"fields": ["rooms"], "rows": [["many"]]}, "'many' is no number for 'rooms'"),
        ({"fields": ["rooms"], "rows": [[True]]}, "True is no number"),
        ({"fields": ["rooms"], "rows": [[[1]]]}, "is no number"),
        ({"fields": ["rooms"], "rows": [[10**400]]}, "is no number"),
        ({"fields": ["rooms"], "rows": [["inf"]]}, "'inf' is no number"),
        ({"fields": ["rooms", "age"], "rows": [[1.7e308, 0]]}, "beyond the numbers"),
        ({"fields": ["rooms", "city"], "rows": [[1, "Rome"]]}, "'Rome' is no level of 'city'; levels are Bergen, Oslo"),
        ({"fields": ["rooms"], "rows": [[1]], "includeFieldsInOutput": ["x"]}, "'x', which is not among"),
        ({"fields": ["rooms"], "rows": [[1]], "includeFieldsInOutput": "x"}, "includeFieldsInOutput is not"),
    ],
)
def test_a_bad_request_is_answered_with_a_sentence(price: Running, body: Any, sentence: str) -> None:
    """400 and JSON, and the next request is answered."""
    answer = price.ask("/model/score", body)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json")
    assert sentence in answer.json()["message"]
    assert price.ready()


def test_other_addresses_and_methods_are_refused(price: Running) -> None:
    """As JSON, too; a connection lasts unless it cannot be understood any more."""
    with connected(price.address) as connection:
        for path, method, status in [
            ("/", "GET", 404),
            ("/model/media-score", "POST", 404),
            ("/d-1.other/model/score", "POST", 404),
            ("/model/score", "GET", 405),
            ("/model/schema", "POST", 405),
        ]:
            answer = asked(connection, price.address, path, "{}", method)
            assert (answer.status, "Connection" in answer.headers) == (status, False), path
            assert answer.json()["message"]
        assert asked(connection, price.address, "/d-1.a-1/model/score?trace=1", '{"rooms": [0]}').status == 200
    assert price.ask("/model/score", "{}", "PUT").status == 501
    assert price.ask("/model/score", "", **{"Content-Length": "x"}).status == 411
    assert price.ask("/model/score", "", **{"Content-Length": "99999999999"}).status == 413
    chunked = price.ask("/model/score", "", **{"Transfer-Encoding": "chunked"})
    assert (chunked.status, chunked.headers["Connection"]) == (411, "close")
