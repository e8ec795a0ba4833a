"""The reference scorer's life: start, readiness, misbehaviour on request, and an end that loses nothing."""

from __future__ import annotations

import http.client
import json
import re
import time
from pathlib import Path

import pytest

from deployments.engines.local.scorer.behaviour import Behaviour, behaviour_of
from tests.deployments.engines.harness import MODEL, RIGHT, asked, connected
from tests.deployments.engines.local.scorer.process import running, since
from tests.mlops_console.machine import eventually, needs_proc

BODY = json.dumps({"x": [3]})


@pytest.mark.parametrize(
    ("image", "behaviour"),
    [
        ("h2oai/rest-scorer:1.0.0", Behaviour()),
        ("scorer", Behaviour()),
        ("h2oai/rest-scorer-slow:1.0.0", Behaviour(ready_after=3)),
        ("h2oai/rest-scorer-slow-8:1.0.0", Behaviour(ready_after=8)),
        ("localhost:5000/rest-scorer-neverready:1.0.0-slow", Behaviour(ready_after=None)),
        ("h2oai/rest-scorer-crash@sha256:00", Behaviour(crash_after=5)),
        ("h2oai/rest-scorer-crash-20:1.0.0", Behaviour(crash_after=20)),
        ("slow:1.0.0", Behaviour()),
        ("my-crash/scorer:1.0.0-crash", Behaviour()),
        ("h2oai/slow-scorer:1", Behaviour()),
    ],
)
def test_the_end_of_the_repositorys_name_asks_for_trouble(image: str, behaviour: Behaviour) -> None:
    """Tag, digest, registry and folders do not."""
    assert behaviour_of(image) == behaviour


def test_a_slow_one_is_not_ready_at_once(tmp_path: Path) -> None:
    """Until then it answers 503 to everything."""
    with running(tmp_path, "--image=scorer-slow-1", "--readiness-path=/alive", model=MODEL) as scorer:
        for path, body in [("/readyz", None), ("/alive", None), ("/model/schema", None), ("/model/score", BODY)]:
            assert scorer.ask(path, body).status == 503, path
        assert scorer.ask("/readyz").body == b"starting"
        assert eventually(scorer.ready)
        assert scorer.ask("/alive").body == b"ready"
        assert scorer.score(BODY)["score"] == RIGHT


def test_one_that_never_is_ready_ends_well(tmp_path: Path) -> None:
    """It can be asked to end like any other."""
    with running(tmp_path, "--image=scorer-neverready") as scorer:
        time.sleep(0.3)
        assert not scorer.ready()
        assert scorer.end() == 0


def test_a_crashing_one_says_so(tmp_path: Path) -> None:
    """With an exit code, after it has been ready."""
    with running(tmp_path, "--image=scorer-crash-1") as scorer:
        assert eventually(scorer.ready)
        assert scorer.process.wait(10) == 3
        assert "crashes after 1 s" in scorer.log.read_text().splitlines()[-1]


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ({"kind": "tree", "inputs": []}, "linear or logistic"),
        ({"kind": "linear", "inputs": [], "bias": 1}, "unknown key 'bias'"),
        ({"kind": "linear", "inputs": [{"name": "x"}]}, "input 'x' needs either a coefficient or levels"),
        ({"kind": "linear", "inputs": [{"name": "x", "coefficient": "2"}]}, "coefficient of 'x' is not a number"),
        ({"kind": "logistic", "labels": ["a"], "inputs": [{"name": "x", "coefficient": 2}]}, "two texts"),
    ],
)
def test_a_broken_model_ends_it_with_a_sentence(tmp_path: Path, model: object, fault: str) -> None:
    """Rather than be served as something else."""
    with running(tmp_path, model=model) as scorer:
        assert scorer.process.wait(10) == 2
        assert fault in scorer.log.read_text()


def test_a_missing_artifact_and_a_wrong_variable_end_it(tmp_path: Path) -> None:
    """Each is named."""
    with running(tmp_path, "--artifact=/nowhere/model.zip") as scorer:
        assert scorer.process.wait(10) == 2
        assert "/nowhere/model.zip" in scorer.log.read_text()
    with running(tmp_path, env={"SCORER_MAX_ROWS": "many"}) as scorer:
        assert scorer.process.wait(10) == 2
        assert "SCORER_MAX_ROWS is 'many'" in scorer.log.read_text()


def test_it_finishes_what_it_has(tmp_path: Path) -> None:
    """A request that is under way, those that still come, and then it ends."""
    with running(tmp_path, model=MODEL) as scorer:
        assert eventually(scorer.ready)
        with connected(scorer.address) as idle, connected(scorer.address) as slow:
            assert asked(idle, scorer.address, "/model/score", BODY).status == 200
            slow.putrequest("POST", "/model/score")
            slow.putheader("Content-Length", str(len(BODY)))
            slow.endheaders()
            slow.send(BODY[:3].encode())
            began = time.monotonic()
            scorer.process.terminate()
            assert eventually(lambda: scorer.ask("/readyz").body == b"draining")
            for answer in (asked(idle, scorer.address, "/model/score", BODY), scorer.ask("/model/score", BODY)):
                assert (answer.status, answer.headers["Connection"], answer.json()["score"]) == (200, "close", RIGHT)
            time.sleep(max(0.0, 1.5 - since(began)))
            assert scorer.process.poll() is None
            slow.send(BODY[3:].encode())
            response = slow.getresponse()
            assert (response.status, json.loads(response.read())["score"]) == (200, RIGHT)
            assert response.headers["Connection"] == "close"
        assert scorer.process.wait(5) == 0
        with pytest.raises((OSError, http.client.HTTPException)):
            scorer.ask("/readyz")


@needs_proc
def test_it_is_small_and_quick(tmp_path: Path) -> None:
    """Many of them run beside a console on a laptop."""
    began = time.monotonic()
    with running(tmp_path, model=MODEL) as scorer:
        assert eventually(scorer.ready)
        assert since(began) < 5
        for _ in range(20):
            scorer.score(BODY)
        status = Path(f"/proc/{scorer.process.pid}/status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident
        assert int(resident[1]) < 30_000
