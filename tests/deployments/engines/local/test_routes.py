"""Which workloads get requests, and how Traefik is told so and understood."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployments.engines.contract import Phase, SeenWorkload, Share, Traffic, Wanted, Workload
from deployments.engines.local import causes
from deployments.engines.local.routes import Routes, choose
from deployments.engines.local.traefik import counts_of, dynamic_file, routes_of
from deployments.planning.modes import Mode

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def seen(**phases: str) -> dict[str, SeenWorkload]:
    """Workloads like a1="READY", each later than the one before; the letter is the composition."""
    return {
        key: SeenWorkload(key, key[0], f"v{key[1]}.0.0", Phase(phase), NOW + timedelta(seconds=number))
        for number, (key, phase) in enumerate(phases.items())
    }


def wanted(traffic: Traffic | None, *keys: str) -> Wanted:
    """A deployment of such workloads."""
    return Wanted("d", tuple(Workload(key=k, composition=k[0], version="v1.0.0", image="i") for k in keys), traffic)


def to(*keys: str) -> Traffic:
    """Equal shares."""
    return Traffic(Mode.SPLIT, tuple(Share(key) for key in keys))


@pytest.mark.parametrize(
    ("traffic", "there", "in_force", "chosen"),
    [
        (to("a1"), seen(a1="READY"), None, Routes((("a1", 1),))),
        (to("a1"), seen(a1="STARTING"), None, Routes()),
        (to("a1"), {}, None, Routes()),
        (None, seen(a1="READY"), Routes((("a1", 1),)), Routes()),
        # something stands in
        (to("a2"), seen(a1="READY", a2="STARTING"), None, Routes((("a1", 1),))),
        (to("a2"), seen(a1="READY", a2="FAILED"), None, Routes((("a1", 1),))),
        (to("a2"), seen(a1="DRAINING", a2="FAILED"), None, Routes()),
        (to("a2"), seen(a0="READY", a1="READY", a2="FAILED"), Routes((("a0", 1),)), Routes((("a0", 1),))),
        (to("a2"), seen(a0="READY", a1="READY", a2="FAILED"), None, Routes((("a1", 1),))),
        (to("a1"), seen(a1="READY", a2="READY"), Routes((("a2", 1),)), Routes((("a1", 1),))),
        # never that of another composition
        (to("a1"), seen(a1="FAILED", b1="READY"), None, Routes()),
        (to("a1", "b1"), seen(a1="FAILED", b1="READY"), None, Routes((("b1", 1),))),
        # shares of one composition add up when one workload stands in for both
        (to("a1", "a2"), seen(a1="READY", a2="FAILED"), None, Routes((("a1", 2),))),
        (
            Traffic(Mode.SPLIT, (Share("a1", 0), Share("b1", 3))),
            seen(a1="READY", b1="READY"),
            None,
            Routes((("b1", 3),)),
        ),
        # copies
        (Traffic(Mode.SHADOW, (Share("a1"),), "b1"), seen(a1="READY", b1="READY"), None, Routes((("a1", 1),), "b1")),
        (Traffic(Mode.SHADOW, (Share("a1"),), "b2"), seen(a1="READY", b1="READY"), None, Routes((("a1", 1),), "b1")),
        (Traffic(Mode.SHADOW, (Share("a1"),), "b1"), seen(a1="READY", b1="FAILED"), None, Routes((("a1", 1),))),
        (Traffic(Mode.SHADOW, (Share("a1"),), "b1"), seen(a1="FAILED", b1="READY"), None, Routes()),
    ],
)
def test_requests_go_to_what_is_ready(
    traffic: Traffic | None, there: dict[str, SeenWorkload], in_force: Routes | None, chosen: Routes
) -> None:
    """Each row is a case."""
    assert choose(wanted(traffic, "a1", "a2", "b1", "b2"), there, in_force) == chosen


@pytest.mark.parametrize(
    "routes", [Routes(), Routes((("a1", 1),)), Routes((("a1", 70), ("b1", 30))), Routes((("a1", 1),), "b1")]
)
def test_what_traefik_is_told_can_be_read_back(routes: Routes) -> None:
    """From the service as its API shows it."""
    urls = {"a1": "http://127.0.0.1:1/d.a1", "b1": "http://127.0.0.1:2/d.b1"}
    http = dynamic_file("d", routes, urls)["http"]
    assert http["services"].keys() == {"d", "d.a1", "d.b1"}
    assert http["routers"]["d"]["rule"] == "PathPrefix(`/d/`)"
    assert routes_of({**http["services"]["d"], "status": "enabled"}) == routes
    assert routes_of({**http["services"]["d"], "status": "disabled"}) is None


def test_requests_are_counted_by_workload_and_by_answer() -> None:
    """A retried attempt counts for the workload that refused it, and not as an answer."""
    requests = {
        'router_requests_total{code="200",method="POST",protocol="http",router="d@file",service="d@file"}': "7",
        'router_requests_total{code="200",method="GET",protocol="http",router="d@file",service="d@file"}': "1",
        'router_requests_total{code="200",method="GET",protocol="http",router="e@file",service="e@file"}': "9",
        'service_requests_total{code="200",method="POST",protocol="http",service="d.a-1@file"}': "1.2e+06",
        'service_requests_total{code="502",method="POST",protocol="http",service="d.a-1@file"}': "2",
        'service_requests_total{code="200",method="POST",protocol="http",service="dd.a-1@file"}': "3",
        'service_request_duration_seconds_sum{code="200",method="POST",service="d.a-1@file"}': "3",
    }
    metrics = "# HELP …\n" + "\n".join(f"traefik_{sample} {value}" for sample, value in requests.items())
    counts = counts_of(metrics, "d")
    assert (counts.workloads, counts.answered) == ({"a-1": {200: 1_200_000, 502: 2}}, {200: 8})


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        (3, "boom", "The scorer ended with exit code 3; its last words: boom"),
        (-9, "", "The scorer was killed by SIGKILL without a word."),
        (-99, "", "The scorer was killed by signal 99 without a word."),
        (None, "", "The scorer vanished together with what looked after it without a word."),
        (1, "x" * 400, f"The scorer ended with exit code 1; its last words: {'x' * 300}…"),
    ],
)
def test_an_end_is_put_into_words(code: int | None, words: str, cause: str) -> None:
    """Whatever it was."""
    assert causes.of_the_end(code, words) == cause
