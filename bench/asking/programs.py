"""Programs that read and write, and previews of upgrades."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from bench.asking.case import Asks, Case, Group, Variant
from bench.asking.tables import changelist
from bench.asking.visitor import FORM, Ask
from bench.asking.world import MADE, World
from deployments.planning import Latest, target_text

# Method and path, the floor's path, and what each of them is sent.
_Sent: TypeAlias = "tuple[str, str, str, Mapping[str, Any], Mapping[str, Any]]"


def cases(world: World) -> list[Case]:
    """Everything that programs ask, and previews; writes come last."""
    return [*_programs(world), *_previews(world), *_writes(world)]


def _programs(world: World) -> Iterator[Case]:
    token = {"Authorization": f"Bearer {world.token}"}
    for place, whose in ((world.workspace, ""), (world.everywhere, " of all workspaces")):
        path = f"/api/runtime/v1/workspaces/{place.uid}/runtimes"
        for size in (50, 1000):
            first = f"{path}?pageSize={size}"
            asks = _asks(first, f"/floor{first}", token)
            if size == 50:
                asks[Variant.ADMIN] = [Ask(changelist(world, place, {}, middle=False, end=False))]
            # Growth compares pages of as many rows, and a small database has no deep page of a thousand.
            grows = size == 50
            yield Case(f"API: {size} runtimes{whose}, first page", Group.API_LIST, asks, grows)
            deep = f"{first}&pageToken={quote(place.api_middle)}" if place.api_middle else first
            asks = _asks(deep, f"/floor{first}&after={place.api_after}", token)
            if size == 50:
                asks[Variant.ADMIN] = [Ask(changelist(world, place, {}, middle=True, end=False))]
            yield Case(f"API: {size} runtimes{whose}, deep page", Group.API_LIST, asks, grows)
        count = f"{path}:count"
        yield Case(f"API: count{whose}", Group.API, _asks(count, f"/floor{count}", token))
    one = f"/api/runtime/v1/workspaces/{world.workspace.uid}/runtimes/{world.runtime}"
    yield Case("API: get", Group.API, _asks(one, f"/floor{one}", token))
    yield Case("API: me", Group.API, _asks("/api/me", "", token))


def _previews(world: World) -> Iterator[Case]:
    place = world.workspace.uid
    token = {"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"}
    for uid, what in ((world.small, "2 compositions"), (world.large, f"{world.compositions:,} compositions")):
        path = f"/workspaces/{place}/deployments/{uid}/upgrade/"
        typed = urlencode({"others": target_text(Latest()), "reason": "", "preview": "1"})
        ask = Ask(path, "POST", {"Content-Type": FORM}, typed)
        yield Case(f"preview of {what}, page", Group.PREVIEW, {Variant.CONSOLE: [ask]}, needs_form=path)
        path = f"/api/deployer/v2/workspaces/{place}/deployments/{uid}:previewUpgradeRuntimeImage"
        ask = Ask(path, "POST", token, '{"targets": []}')
        yield Case(f"preview of {what}, API", Group.PREVIEW, {Variant.CONSOLE: [ask]})


def _writes(world: World) -> Iterator[Case]:
    path = f"/api/runtime/v1/workspaces/{world.workspace.uid}/runtimes"
    made = {
        "displayName": MADE,
        "modelType": world.model_type,
        "runtimeImage": world.image,
        "environmentVariables": {"LOG_LEVEL": "INFO", "OMP_NUM_THREADS": "4"},
        "selector": {"stage": "production"},
    }
    yield _write(world, "API: create", [("POST", path, f"/floor{path}:create", made, made)])
    # Each of both has rows of its own: what one of them has changed already, the other would not change.
    half = len(world.changed) // 2
    rows = list(zip(world.changed[:half], world.changed[half:], strict=False))
    changes = [{"description": f"Changed in round {number}."} for number in range(2)]
    yield _write(
        world,
        "API: patch",
        [
            ("PATCH", f"{path}/{uid}?updateMask=description", f"/floor{path}/{other}:patch", change, change)
            for change in changes
            for uid, other in rows
        ],
    )
    moves = [("deprecate", "DEPRECATED"), ("enable", "ACTIVE")]
    yield _write(
        world,
        "API: change of state",
        [
            (
                "POST",
                f"{path}/{uid}:{verb}",
                f"/floor{path}/{other}:state",
                {"reason": "Superseded."},
                {"verb": verb, "state": state, "reason": "Superseded."},
            )
            for verb, state in moves
            for uid, other in rows
        ],
    )


def _write(world: World, name: str, sent: Sequence[_Sent]) -> Case:
    headers = {"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"}
    return Case(
        name,
        Group.WRITE,
        {
            Variant.CONSOLE: [Ask(path, method, headers, json.dumps(body)) for method, path, _, body, _ in sent],
            Variant.FLOOR: [Ask(floor, "POST", headers, json.dumps(body)) for _, _, floor, _, body in sent],
        },
    )


def _asks(path: str, floor: str, headers: dict[str, str]) -> Asks:
    found: Asks = {Variant.CONSOLE: [Ask(path, headers=headers)]}
    if floor:
        found[Variant.FLOOR] = [Ask(floor, headers=headers)]
    return found
