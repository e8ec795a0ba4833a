"""From a Helm values file to what it wants: runtime images with their versions, and runtimes (R7)."""

from __future__ import annotations

import hashlib
from difflib import get_close_matches
from typing import Any, Final

from runtimes.bootstrap.document import load
from runtimes.bootstrap.faults import COMPOSITION, Faults, Path
from runtimes.bootstrap.images import wanted_image
from runtimes.bootstrap.items import Values
from runtimes.bootstrap.runtimes import wanted_runtime
from runtimes.bootstrap.shape import kind_of
from runtimes.rules.versions import parse_reference

_SECTIONS: Final = ("runtimeImages", "runtimes")


def read_values(text: bytes | str) -> Values:
    """What a values file wants; raises ValuesFaults with every fault that can be told at once."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    tree = load(raw)
    faults = Faults()
    composition = _composition(tree, faults)
    images, runtimes = (_section(composition, name, faults) for name in _SECTIONS)
    registry = _registry(tree, faults)
    wanted_images = []
    versions: dict[str, list[str] | None] = {}
    for uid, value in images.items():
        image = wanted_image(uid, value, registry, faults)
        # Where an image has faults, nobody can say that it lacks a version.
        sound = image and not faults.below((*COMPOSITION, "runtimeImages", uid))
        versions[uid] = [each.version for each in image.versions] if image and sound else None
        wanted_images += [image] if image else []
    wanted_runtimes = [wanted_runtime(uid, value, versions, faults) for uid, value in runtimes.items()]
    faults.raise_any()
    return Values(
        images=tuple(wanted_images),
        runtimes=tuple(each for each in wanted_runtimes if each),
        digest=hashlib.sha256(raw).hexdigest(),
    )


def _composition(tree: Any, faults: Faults) -> dict[str, Any]:
    """The mapping that holds our sections; what else the chart has is its own business."""
    for depth, key in enumerate((*COMPOSITION, "")):
        if not isinstance(tree, dict):
            faults.add(COMPOSITION[:depth], f"This must be a mapping, not {kind_of(tree)}.")
            return {}
        if key:
            tree = tree.get(key)
    composition: dict[str, Any] = tree
    missing = {name.lower(): name for name in _SECTIONS if name not in composition}
    for key in composition.keys() - set(_SECTIONS):
        # A misspelt section would pass for one from which everything was removed.
        if close := get_close_matches(key.lower(), missing, n=1, cutoff=0.8):
            faults.add((*COMPOSITION, key), f"This key is not known. Did you mean {missing[close[0]]}?")
    if len(missing) == len(_SECTIONS):
        faults.add(COMPOSITION, "There are neither runtimeImages nor runtimes; write {} for none.")
    return composition


def _section(composition: dict[str, Any], name: str, faults: Faults) -> dict[str, Any]:
    section = composition.get(name, {})
    if isinstance(section, dict):
        return section
    cure = "; write {} for none" if section is None else ""
    faults.add((*COMPOSITION, name), f"This must be a mapping, not {kind_of(section)}{cure}.")
    return {}


def _registry(tree: Any, faults: Faults) -> str:
    """The chart's own `image.registry`, from which repositories without a registry are pulled."""
    image = tree.get("image") if isinstance(tree, dict) else None
    registry = image.get("registry") if isinstance(image, dict) else None
    path: Path = ("image", "registry")
    if not registry:
        return ""
    if not isinstance(registry, str):
        faults.add(path, f"This must be text, not {kind_of(registry)}.")
        return ""
    return registry if faults.check(path, parse_reference, f"{registry}/x") else ""
