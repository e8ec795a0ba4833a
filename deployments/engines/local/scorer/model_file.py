"""Reading a `model.json`; its format is described in docs/reference-scorer.md."""

from __future__ import annotations

from typing import Any, Final

from deployments.engines.local.scorer.frames import number_in
from deployments.engines.local.scorer.models import Input, Linear, Model

_KEYS: Final = {"kind", "id", "target", "intercept", "inputs", "labels"}


class BrokenModel(Exception):
    """What is wrong with a model.json, as a sentence for whoever made it."""


def model_from(content: Any) -> tuple[Model, str]:
    """The model of a model.json and its id, `""` for none; raises BrokenModel."""
    if not isinstance(content, dict) or content.get("kind") not in ("linear", "logistic"):
        raise BrokenModel("it is not an object whose kind is linear or logistic")
    if strange := content.keys() - _KEYS:
        raise BrokenModel(f"it has an unknown key {min(strange)!r}")
    inputs, target = content.get("inputs"), content.get("target", "score")
    if not isinstance(inputs, list) or not inputs:
        raise BrokenModel("inputs is not a list of at least one input")
    if not isinstance(target, str) or not target or not isinstance(content.get("id", ""), str):
        raise BrokenModel("target and id are texts")
    labels = content.get("labels", ["0", "1"]) if content["kind"] == "logistic" else []
    if content["kind"] == "linear" and "labels" in content:
        raise BrokenModel("a linear model has no labels")
    if labels and (len(labels) != 2 or not all(isinstance(each, str) for each in labels)):
        raise BrokenModel("labels are not two texts, first the one with probability 1 - p")
    terms = [_input(each, number) for number, each in enumerate(inputs, start=1)]
    if len({term.name for term in terms}) < len(terms):
        raise BrokenModel("two inputs have the same name")
    return Linear(terms, _number(content.get("intercept", 0), "intercept"), target, labels), content.get("id", "")


def _input(content: Any, number: int) -> Input:
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise BrokenModel(f"input {number} is not an object with a name")
    name = content["name"]
    if strange := content.keys() - {"name", "coefficient", "levels", "default"}:
        raise BrokenModel(f"input {name!r} has an unknown key {min(strange)!r}")
    if ("coefficient" in content) == ("levels" in content):
        raise BrokenModel(f"input {name!r} needs either a coefficient or levels")
    if "coefficient" in content:
        coefficient = _number(content["coefficient"], f"the coefficient of {name!r}")
        default = None if content.get("default") is None else _number(content["default"], f"the default of {name!r}")
        return Input(name, coefficient, default=default)
    levels = content["levels"]
    if not isinstance(levels, dict) or not levels:
        raise BrokenModel(f"the levels of {name!r} are not an object of at least one weight")
    weights = {level: _number(weight, f"level {level!r} of {name!r}") for level, weight in levels.items()}
    if (default := content.get("default")) is not None and default not in weights:
        raise BrokenModel(f"the default of {name!r} is none of its levels")
    return Input(name, levels=weights, default=default)


def _number(value: Any, what: str) -> float:
    if isinstance(value, str) or (number := number_in(value)) is None:
        raise BrokenModel(f"{what} is not a number")
    return number
