"""What events add where a workload does not move."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

import pytest
from lightkube import Client

from deployments.engines.contract import Phase, Seen
from deployments.engines.kubernetes import events
from deployments.engines.kubernetes.client import connect
from deployments.engines.kubernetes.events import Events
from deployments.engines.kubernetes.options import Options
from tests.deployments.engines.kubernetes.world import World, soon

pytestmark = pytest.mark.kubernetes
TOLD = "The readiness path answered 503."


class Looker:
    """Who looks with the rights of a service account, again and again."""

    def __init__(self, world: World, kubeconfig: Path) -> None:
        self._cache = world.cache()
        self._kubeconfig = kubeconfig
        self._events = Events(lambda: self._client)

    @cached_property
    def _client(self) -> Client:
        return connect(Options(kubeconfig=self._kubeconfig))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def look(self) -> Seen:
        """Look once."""
        return self._events.look(self._cache.picture("d-1"), "d-1", "")

    def cause(self) -> str:
        """What is in the way of the one workload there is."""
        return "".join(each.cause for each in self.look().workloads.values())


def test_a_silent_pod_is_asked_about_once_it_has_been_given_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And then seldom, however often somebody looks."""
    monkeypatch.setattr(events, "SECONDS_OF_PATIENCE", 1.0)
    account = world.account(rights=False)
    world.permit(verbs="list", resources="events")
    world.k8s_deployment("scorer-neverready:1", "a-1")
    with Looker(world, account) as looker:
        soon(lambda: looker.cause() == TOLD)
        assert looker.look().phase("a-1") is Phase.STARTING
        for _ in range(500):
            assert looker.cause() == TOLD
    assert 1 <= len(world.lists()) <= 3
    assert set(world.lists()) == {"events"}


def test_a_pod_that_shows_what_is_wrong_is_not_asked_about(world: World) -> None:
    """Nor one that becomes ready in time."""
    account = world.account(rights=False)
    world.permit(verbs="list", resources="events")
    world.k8s_deployment("scorer-badimage:1", "a-1")
    with Looker(world, account) as looker:
        soon(lambda: "cannot be pulled" in looker.cause())
        world.k8s_deployment("scorer:1", "a-2")
        soon(lambda: looker.look().phase("a-2") is Phase.READY and looker.look().phase("a-1") is Phase.GONE)
        assert looker.cause() == ""
    assert world.lists() == []


def test_without_the_right_to_read_events_all_else_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And asking is left off for a while."""
    monkeypatch.setattr(events, "SECONDS_OF_PATIENCE", 0.0)
    monkeypatch.setattr(events, "SECONDS_BETWEEN", 0.0)
    account = world.account(rights=False)
    world.k8s_deployment("scorer-neverready:1", "a-1")
    with Looker(world, account) as looker:
        soon(lambda: looker.look().phase("a-1") is Phase.STARTING and world.lists())
        for _ in range(50):
            assert looker.cause() == ""
    assert world.lists() == ["events"]


def test_a_cluster_that_cannot_be_asked_takes_nothing_from_the_picture(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is not even known."""
    monkeypatch.setattr(events, "SECONDS_OF_PATIENCE", 0.0)
    world.k8s_deployment("scorer-neverready:1", "a-1")
    with Looker(world, tmp_path / "none") as looker:
        soon(lambda: looker.look().phase("a-1") is Phase.STARTING)
        assert looker.cause() == ""
