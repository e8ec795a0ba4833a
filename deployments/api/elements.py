"""The elements of a deployment as the wire sends them, whichever of its modes they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deployments.planning.modes import Mode
from mlops_console.errors import Invalid

_NOT_OFFERED: Final = "This console does not offer that: leave it out."
_SECURITY: Final = "Scoring cannot be protected here: the one kind of security is disabledSecurity."
_ONE_OF: Final = "Give one of single, split and shadow."
_COMPOSITION: Final = re.compile(r"compositions\.([0-9]+)(?:\.(.+))?")
_PARTS: Final = {"experiment": "deploymentComposition.experimentId", "runtime": "deploymentComposition.runtime"}
SPEC: Final = "kubernetesResourceSpec"


@dataclass(frozen=True)
class Elements:
    """The elements in order, where each of them stands in the body, and what they have in common."""

    mode: Mode
    rows: Sequence[Mapping[str, Any]]
    places: Sequence[str]
    environment_variables: Mapping[str, str]

    def options(self) -> dict[int, dict[str, Any]]:
        """The options of each, by position."""
        return {position: {SPEC: spec_of(row)} for position, row in enumerate(self.rows)}

    def placed(self, fault: Invalid) -> Invalid:
        """The same fault, its fields named by where they stand in the body."""
        return type(fault)({self._place(field): told for field, told in fault.fields.items()})

    def _place(self, field: str) -> str:
        if found := _COMPOSITION.fullmatch(field):
            part = found[2] or ""
            return f"{self.places[int(found[1])]}.{_PARTS.get(part, part)}"
        if field == "compositions":
            return _MODES[self.mode]
        variables, dot, key = field.partition(".")
        return f"{self.places[0]}.runtimeEnvironmentVariables{dot}{key}" if variables == _VARIABLES else field


_VARIABLES: Final = "environment_variables"
_MODES: Final = {Mode.SINGLE: "single", Mode.SPLIT: "split.splitElements", Mode.SHADOW: "shadow"}


def elements_of(body: Mapping[str, Any]) -> Elements:
    """The elements that a body holds; raises Invalid for none, for two modes, and for what is not offered."""
    if body.get("external") is not None:
        raise Invalid({"external": _NOT_OFFERED})
    modes = [mode for mode, key in ((m, _MODES[m].partition(".")[0]) for m in Mode) if body.get(key) is not None]
    if len(modes) != 1:
        raise Invalid({"": _ONE_OF})
    rows, places = _listed(modes[0], body)
    faults = {}
    for row, place in zip(rows, places, strict=True):
        shortcut = row.get("kubernetesConfigShortcut") or {}
        if any(shortcut.values()):
            faults[f"{place}.kubernetesConfigShortcut"] = "There are no such shortcuts here."
        for key in ("vpaSpec", "podDisruptionBudget"):
            if row.get(key):
                faults[f"{place}.{key}"] = _NOT_OFFERED
    variables = [dict(row.get("runtimeEnvironmentVariables", {})) for row in rows]
    if any(each != variables[0] for each in variables):
        faults[f"{places[-1]}.runtimeEnvironmentVariables"] = "They are the same for every element of a deployment."
    if faults:
        raise Invalid(faults)
    return Elements(modes[0], rows, places, variables[0] if variables else {})


def _listed(mode: Mode, body: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[str]]:
    match mode:
        case Mode.SINGLE:
            return [body["single"]], ["single"]
        case Mode.SHADOW:
            names = ("primaryElement", "secondaryElement")
            if missing := [name for name in names if name not in body["shadow"]]:
                raise Invalid({f"shadow.{missing[0]}": "Give both elements, the champion as the primary one."})
            return [body["shadow"][name] for name in names], [f"shadow.{name}" for name in names]
        case Mode.SPLIT:
            rows = list(body["split"].get("splitElements", []))
            return rows, [f"split.splitElements.{number}" for number in range(len(rows))]


def spec_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The resources of an element, complete."""
    given = row.get(SPEC) or {}
    asked = given.get("kubernetesResourceRequirements") or {}
    return {
        "kubernetesResourceRequirements": {key: dict(asked.get(key) or {}) for key in ("limits", "requests")},
        "replicas": given.get("replicas", 1),
    }


def check_rest(body: Mapping[str, Any]) -> None:
    """Pass for a body that asks for nothing that is not offered; raises Invalid."""
    faults = {}
    for number, each in enumerate(body.get("securities", [])):
        if "disabledSecurity" not in each or {"passphrase", "tokenAuth", "apiKey"} & set(each):
            faults[f"securities.{number}"] = _SECURITY
    if len(body.get("securities", [])) > 1:
        faults["securities"] = _SECURITY
    if body.get("cors"):
        faults["cors"] = _NOT_OFFERED
    if (body.get("monitoring") or {}).get("enabled"):
        faults["monitoringOptions"] = _NOT_OFFERED
    if faults:
        raise Invalid(faults)
