"""What of a deployment's objects is not as the console wrote it, and by whom; pure.

Whether a field is still as it was written is asked of the cluster's own book-keeping: a field belongs to us for as long
as nobody else has given it another value or taken it away. Comparing values alone would be wrong, as the cluster writes
`1000m` as `1`. What was wanted says the note that is on each object. So neither defaults nor the status are drift, nor
what others set to the same value, but replicas that an autoscaler sets are. Fields that we never wrote count where
somebody else owns them, such as a variable that was added; only the annotation by which `kubectl rollout restart`
replaces all pods does not, as what runs is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from lightkube.core.resource import api_info
from lightkube.models.meta_v1 import ObjectMeta

from deployments.engines.contract import Drift, Field
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import applied_to
from deployments.engines.kubernetes.pictures import Picture
from runtimes.rules.environment import MASK, looks_secret

LONGEST_VALUE: Final = 500
# The lists whose entries the cluster tells apart, by what; all other lists are values as a whole.
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "ports": ("containerPort", "port", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_WORDS: Final = {
    "containers": "container", "initContainers": "init container", "env": "variable", "volumes": "volume",
    "volumeMounts": "mount", "imagePullSecrets": "pull secret", "ports": "port",
    "topologySpreadConstraints": "spread over",
}  # fmt: skip
_RESTARTED: Final = ("template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
_SCORERS_IMAGE: Final = ("template", "spec", f"container {names.CONTAINER}", "image")
_NOTHING: Final = object()  # where a value is missing: None is one

Tree = Mapping[str, Any]  # fields as the cluster's book-keeping nests them: `f:` a field, `k:` an entry, {} a leaf


@dataclass(frozen=True)
class Difference:
    """A field of an object's `spec` that is not as it was written, by whom if that is known."""

    path: tuple[str, ...]
    wanted: Any
    found: Any
    by: str


@dataclass(frozen=True)
class _Owners:
    """Who owns what below some field: our part, and those of others, last writer first."""

    ours: tuple[Tree, ...]
    others: tuple[tuple[str, Tree], ...]

    def under(self, step: str) -> _Owners:
        """The same below one of the field's own."""
        return _Owners(
            tuple(tree[step] for tree in self.ours if step in tree),
            tuple((name, tree[step]) for name, tree in self.others if step in tree),
        )

    @property
    def is_ours(self) -> bool:
        """Whether the field as a whole is as we wrote it."""
        return any(not tree for tree in self.ours)

    @property
    def last(self) -> str:
        """Who wrote it last but us."""
        return self.others[0][0] if self.others else ""


def drift_of(picture: Picture) -> tuple[Drift, ...]:
    """What somebody else has changed in a deployment's objects; what is gone is no drift, as it is made again."""
    found = list(_drift("", picture.route))
    for composition, composed in picture.compositions.items():
        for live in (composed.deployment, composed.service, composed.budget):
            found += _drift(composition, live)
    return tuple(sorted(found, key=lambda each: (each.composition, each.where)))


def differences(applied: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
    """Where the `spec` of an object differs from what was applied; both as plain dicts."""
    entries = [each for each in live["metadata"].get("managedFields") or () if each.get("subresource") != "status"]
    entries.sort(key=lambda each: each.get("time") or "", reverse=True)
    trees = [(each.get("manager", ""), (each.get("fieldsV1") or {}).get("f:spec", {})) for each in entries]
    owners = _Owners(
        tuple(tree for name, tree in trees if name == names.MANAGER and tree),
        tuple((name, tree) for name, tree in trees if name != names.MANAGER and tree),
    )
    wanted, found = applied.get("spec") or {}, live.get("spec") or {}
    yield from _changed((), wanted, found, owners)
    if owners.others:
        yield from _added((), wanted, found, owners)


def _drift(composition: str, live: Any) -> Iterator[Drift]:
    if live is None or _is_untouched(live.metadata):
        return
    title = f"{api_info(live).resource.kind} {live.metadata.name}"
    for each in differences(applied_to(live.metadata) or {}, live.to_dict()):
        wanted, found = _text(each.path, each.wanted), _text(each.path, each.found)
        yield Drift(composition, _field(each.path), ", ".join((title, *_words(each.path))), wanted, found, each.by)


def _is_untouched(metadata: ObjectMeta) -> bool:
    """Whether all that was applied is ours and nobody else owns anything of the `spec`, told without looking at it.

    That is so nearly always, and asked many times a second where many deployments move.
    """
    entries = [each for each in metadata.managedFields or () if each.subresource != "status"]
    trees = [(each.manager, tree) for each in entries if (tree := (each.fieldsV1 or {}).get("f:spec"))]
    note = (metadata.annotations or {}).get(names.APPLIED, "")
    if not note or len(trees) != 1 or trees[0][0] != names.MANAGER:
        return False
    return _is_covered(note, msgspec.json.encode(trees[0][1]))


@lru_cache(maxsize=4096)
def _is_covered(note: str, ours: bytes) -> bool:
    """Whether all of a note's `spec` is in a part of the book-keeping; remembered, as both are long and stay."""
    return _covers(msgspec.json.decode(ours), msgspec.json.decode(note).get("spec") or {})


def _covers(tree: Tree, wanted: Any, field: str = "") -> bool:
    """Whether everything in a value is somewhere in a part of the book-keeping."""
    if isinstance(wanted, dict):
        below = ((tree.get(f"f:{name}"), value, name) for name, value in wanted.items())
    elif isinstance(wanted, list) and field in _KEYS:
        below = ((tree.get(_step(entry, (tree,))), entry, "") for entry in wanted)
    else:
        return False
    return all(part is not None and (not part or _covers(part, value, name)) for part, value, name in below)


def _changed(path: tuple[str, ...], wanted: Any, found: Any, owners: _Owners) -> Iterator[Difference]:
    """What we wrote and do not own any more, where it has another value."""
    if owners.is_ours:
        return
    keys = _KEYS.get(path[-1]) if path else None
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from _changed((*path, name), value, found.get(name, _NOTHING), owners.under(f"f:{name}"))
    elif isinstance(wanted, list) and keys and (isinstance(found, list) or found is _NOTHING):
        there = found if isinstance(found, list) else []
        for entry in wanted:
            step = _step(entry, (*owners.ours, *(tree for _, tree in owners.others)))
            same = (each for each in there if all(each.get(key) == entry[key] for key in keys if key in entry))
            where = (*path[:-1], _entry(path[-1], entry, keys))
            yield from _changed(where, entry, next(same, _NOTHING), owners.under(step))
    elif not _includes(found, wanted):
        yield Difference(path, wanted, found, owners.last)


def _added(path: tuple[str, ...], wanted: Any, found: Any, owners: _Owners) -> Iterator[Difference]:
    """What others own that we never wrote."""
    steps = dict.fromkeys(step for _, tree in owners.others for step in tree if step[0] in "fk")
    for step in steps:
        below = owners.under(step)
        where, mine, theirs = _followed(path, step, wanted, found)
        if theirs is _NOTHING or below.is_ours or where == _RESTARTED:
            continue
        # Of an entry whoever made it owns the place, too; who owns only some of its fields has changed those.
        is_whole = any(not tree or (step.startswith("k:") and "." in tree) for _, tree in below.others)
        if mine is _NOTHING and is_whole:
            yield Difference(where, _NOTHING, theirs, below.last)
        else:
            yield from _added(where, {} if mine is _NOTHING else mine, theirs, below)


def _followed(path: tuple[str, ...], step: str, wanted: Any, found: Any) -> tuple[tuple[str, ...], Any, Any]:
    """One step down: the way there, and what was wanted and is found at its end."""
    kind, _, rest = step.partition(":")
    if kind == "f":
        mine = wanted.get(rest, _NOTHING) if isinstance(wanted, dict) else _NOTHING
        return (*path, rest), mine, found.get(rest, _NOTHING) if isinstance(found, dict) else _NOTHING
    key = _parsed(rest)

    def entry(entries: Any) -> Any:
        same = (each for each in entries if all(each.get(name, value) == value for name, value in key.items()))
        return next(same, _NOTHING) if isinstance(entries, list) else _NOTHING

    return (*path[:-1], _entry(path[-1], key, tuple(key))), entry(wanted), entry(found)


def _step(entry: Mapping[str, Any], trees: Iterable[Tree]) -> str:
    """The step of a list's entry in the book-keeping, `""` where nobody owns any of it."""
    steps = (step for tree in trees for step in tree if step.startswith("k:"))
    return next((step for step in steps if all(entry.get(k, v) == v for k, v in _parsed(step[2:]).items())), "")


@lru_cache(maxsize=1000)
def _parsed(key: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(key)
    return parsed


def _includes(found: Any, wanted: Any) -> bool:
    """Whether a value is what was written, whatever defaults have been filled in."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_includes(found.get(name, _NOTHING), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_includes, found, wanted))
    return bool(found == wanted)


def _entry(field: str, entry: Mapping[str, Any], keys: Iterable[str]) -> str:
    value = next((entry[key] for key in keys if key in entry), "")
    return f"{_WORDS.get(field, field)} {value}"


def _field(path: tuple[str, ...]) -> Field:
    if path == ("replicas",):
        return Field.REPLICAS
    return Field.IMAGE if path == _SCORERS_IMAGE else Field.OTHER


def _words(path: tuple[str, ...]) -> Iterator[str]:
    """A path for people: what a pod template is made of stands there without the way to it."""
    rest = list(path[2:] if path[:2] == ("template", "spec") else path)
    plain: list[str] = []
    for step in rest:
        if " " in step:
            yield from [".".join(plain)] if plain else []
            yield step
            plain = []
        else:
            plain.append(step)
    if plain:
        yield ".".join(plain)


def _without_secrets(value: Any) -> Any:
    """A value without those of variables whose name looks secret, wherever in it they stand."""
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    if not isinstance(value, dict):
        return value
    is_secret = "value" in value and looks_secret(str(value.get("name", "")))
    return {key: _without_secrets(each) for key, each in value.items()} | ({"value": MASK} if is_secret else {})


def _text(path: tuple[str, ...], value: Any) -> str:
    if value is _NOTHING:
        return ""
    variable = next((step.removeprefix("variable ") for step in path if step.startswith("variable ")), "")
    if looks_secret(variable):
        return MASK
    text = value if isinstance(value, str) else json.dumps(_without_secrets(value), sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
