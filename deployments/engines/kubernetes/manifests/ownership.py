"""Who owns which fields of an object, as the cluster keeps book of it; pure.

What somebody has added belongs to them, and applying an object again lets it be. Once the books say that it was ours,
applying the object without it takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deployments.engines.kubernetes import names

_SPEC: Final = "f:spec"
# By this `kubectl rollout restart` has replaced all pods; taking it away would replace them once more.
_RESTARTED: Final = (_SPEC, "f:template", "f:metadata", "f:annotations", "f:kubectl.kubernetes.io/restartedAt")
Tree = dict[str, Any]


def made_ours(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An object's `managedFields` in which everything below `spec` was applied by us; labels and status stay as they
    are."""
    entries = [dict(each) for each in live["metadata"].get("managedFields") or ()]
    specs: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    kept = []
    for entry in entries:
        fields = dict(entry.get("fieldsV1") or {})
        restarted = _at(fields, _RESTARTED)
        specs = _united(specs, _without(fields.pop(_SPEC, {}), _RESTARTED[1:]))
        if entry.get("manager") == names.MANAGER and entry.get("operation") == "Apply" and not ours:
            ours = entry | {"fieldsV1": fields}
        elif fields | restarted:
            kept.append(entry | {"fieldsV1": fields | restarted})
    if not ours:
        ours = {"manager": names.MANAGER, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {}}
        ours["apiVersion"] = live["apiVersion"]
    ours["fieldsV1"] = ours["fieldsV1"] | {_SPEC: specs}
    return [ours, *kept]


def left_by_hand(live: Mapping[str, Any]) -> bool:
    """Whether all that others own below `spec` they have by plain updates, which nobody stands for as for an apply."""
    entries = (each for each in live["metadata"].get("managedFields") or () if each.get("subresource") != "status")
    others = [each for each in entries if each.get("manager") != names.MANAGER and _SPEC in each.get("fieldsV1", {})]
    return bool(others) and all(each.get("operation") == "Update" for each in others)


def _united(one: Tree, other: Tree) -> Tree:
    """All fields of both."""
    return {step: _united(one.get(step, {}), other.get(step, {})) for step in one | other}


def _at(tree: Tree, path: tuple[str, ...]) -> Tree:
    """Of a tree only what is at a path, `{}` where nothing is."""
    if not path:
        return tree
    below = _at(tree[path[0]], path[1:]) if path[0] in tree else None
    return {} if below is None or (len(path) > 1 and not below) else {path[0]: below}


def _without(tree: Tree, path: tuple[str, ...]) -> Tree:
    """A tree without what is at a path, nor what held only that."""
    if path[0] not in tree:
        return tree
    rest = {step: below for step, below in tree.items() if step != path[0]}
    below = _without(tree[path[0]], path[1:]) if len(path) > 1 else {}
    return rest | ({path[0]: below} if below else {})
