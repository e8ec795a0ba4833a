"""The local engine as a whole: its router, its end, and what an unclean end leaves."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from deployments.engines.contract import EngineFault, Phase
from deployments.engines.local import router
from deployments.engines.local.engine import LocalEngine
from deployments.engines.registry import engine_named
from tests.deployments.engines.harness import Caller, score, single
from tests.deployments.engines.local.rig import LocalRig
from tests.mlops_console.machine import eventually, needs_proc

pytestmark = needs_proc


def router_of(rig: LocalRig) -> int:
    """Traefik's process id; its guardian names the same options after its own."""
    return next(pid for pid, line in rig.processes("--entrypoints").items() if "guardian" not in line)


def test_a_router_that_dies_is_started_again_at_its_address(
    own: Caller, own_rig: LocalRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scorers do not notice; so it is after a clean end."""
    wanted = single("d-1", own.workload("a-1"))
    before = own.reach(wanted)
    scorer = own_rig.pid("d-1", "a-1")
    os.kill(router_of(own_rig), signal.SIGKILL)
    assert eventually(lambda: not own_rig.processes("--entrypoints"))
    assert own_rig.engine.observe("d-1").traffic is None
    with pytest.raises(EngineFault, match="router ended with exit code -9"):
        own_rig.engine.apply(wanted)
    monkeypatch.setattr(router, "SHORT_LIFE", 0.0)
    after = own.reach(wanted)
    assert after == before
    assert score(after.address).status == 200
    assert own_rig.pid("d-1", "a-1") == scorer

    own_rig.engine.stop_all()
    assert eventually(lambda: not own_rig.processes())
    assert list(own_rig.engine.deployments()) == []
    assert own_rig.engine.observe("d-1").phase("a-1") is Phase.GONE
    assert own.reach(wanted).address == before.address


def test_leftovers_of_an_unclean_end_are_cleared(own: Caller, own_rig: LocalRig) -> None:
    """Scorers ready or not, the router, and every file about a deployment."""
    own.reach(single("d-1", own.workload("a-1")))
    own_rig.engine.apply(single("d-2", own.workload("a-1", kind="neverready")))
    own_rig.pid("d-2", "a-1")
    assert own_rig.reopen().clear_leftovers() == 3
    assert not own_rig.processes()
    assert sorted(path.name for path in own_rig.folder.iterdir()) == ["router"]
    assert own_rig.reopen().clear_leftovers() == 0


def test_a_taken_port_is_replaced_if_nobody_asked_for_it(own_rig: LocalRig, own: Caller, tmp_path: Path) -> None:
    """And complained of if somebody did."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (own_rig.folder / "router").mkdir(parents=True)
        (own_rig.folder / "router" / "ports.json").write_text(f'{{"port": {taken}, "admin": {taken}}}')
        fixed = LocalEngine(tmp_path / "fixed", taken)
        with pytest.raises(EngineFault, match=f"Port {taken} on 127.0.0.1 is taken"):
            fixed.apply(single("d-1", own.workload("a-1")))
        seen = own.reach(single("d-1", own.workload("a-1")))
    assert f":{taken}/" not in seen.address


def test_a_missing_router_is_named_with_its_cure(
    own: Caller, own_rig: LocalRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else happens."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineFault, match=r"make install.*extra `local`"):
        own_rig.engine.apply(single("d-1", own.workload("a-1")))
    assert list(own_rig.engine.deployments()) == []


def test_engines_are_known_by_name(tmp_path: Path) -> None:
    """A wrong name is answered with the right ones."""
    assert isinstance(engine_named("local", folder=tmp_path), LocalEngine)
    with pytest.raises(EngineFault, match="no engine 'docker'; there are: kubernetes, local"):
        engine_named("docker", folder=tmp_path)
