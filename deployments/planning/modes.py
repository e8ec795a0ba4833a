"""How many compositions a mode takes, and how requests are shared among them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

COMPOSITIONS_MAX: Final = 20
WEIGHT_MAX: Final = 100
REPLICAS_MAX: Final = 100


class Mode(StrEnum):
    """How a deployment shares requests among its compositions."""

    SINGLE = "SINGLE"
    SPLIT = "SPLIT"
    SHADOW = "SHADOW"

    @property
    def label(self) -> str:
        """The mode in words."""
        return {"SINGLE": "Single model", "SPLIT": "A/B split", "SHADOW": "Champion / challenger"}[self.value]


def mode_fault(mode: Mode, weights: Sequence[int | None]) -> str:
    """What is wrong with the number of compositions or their weights, or `""`."""
    count = len(weights)
    match mode:
        case Mode.SINGLE if count != 1:
            return f"A single-model deployment has one composition, not {count}."
        case Mode.SHADOW if count != 2:
            return f"A champion/challenger deployment has two compositions, the champion first, not {count}."
        case Mode.SPLIT:
            if not 2 <= count <= COMPOSITIONS_MAX:
                return f"An A/B split has 2 to {COMPOSITIONS_MAX} compositions, not {count}."
            if any(weight is None or not 0 <= weight <= WEIGHT_MAX for weight in weights):
                return f"Every composition of an A/B split has a weight from 0 to {WEIGHT_MAX}."
            if not any(weights):
                return "At least one composition of an A/B split has a weight above 0."
    # The other modes do not use weights; one that is given is kept all the same.
    if any(weight is not None and not 0 <= weight <= WEIGHT_MAX for weight in weights):
        return f"A weight is a number from 0 to {WEIGHT_MAX}."
    return ""


def percentages(weights: Sequence[int]) -> list[float]:
    """The share of requests of each weight, in percent."""
    total = sum(weights)
    return [round(100 * weight / total, 2) if total else 0.0 for weight in weights]
