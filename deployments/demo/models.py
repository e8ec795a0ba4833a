"""The models of the demo: small ones, made up, but really computed (docs/reference-scorer.md); pure."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, Final


def _model(target: str, intercept: float, *inputs: Mapping[str, Any], labels: tuple[str, str] | None = None) -> Any:
    kind = {"kind": "logistic", "labels": list(labels)} if labels else {"kind": "linear"}
    return {**kind, "target": target, "intercept": intercept, "inputs": list(inputs)}


def _number(name: str, coefficient: float, default: float | None = None) -> Mapping[str, Any]:
    return {"name": name, "coefficient": coefficient} | ({} if default is None else {"default": default})


def _level(name: str, **levels: float) -> Mapping[str, Any]:
    return {"name": name, "levels": levels, "default": next(iter(levels))}


MODELS: Final[Mapping[str, Any]] = {
    "default": _model(
        "default",
        -2.1,
        _number("income", -0.000021),
        _number("loan_amount", 0.000034),
        _number("years_employed", -0.08, 3),
        _level("home_ownership", rent=0.4, mortgage=0.1, own=-0.3),
        labels=("paid", "defaulted"),
    ),
    "limit": _model(
        "limit", 500, _number("income", 0.11), _number("open_debt", -0.2, 0), _number("months_known", 12.5, 0)
    ),
    "priority": _model(
        "priority", 10, _number("days_overdue", 0.9), _number("amount_overdue", 0.012), _number("broken_promises", 7, 0)
    ),
    "churn": _model(
        "churn",
        -1.4,
        _number("tenure_months", -0.03),
        _number("support_calls", 0.35, 0),
        _level("contract", monthly=0.9, yearly=-0.4, two_years=-1.2),
        labels=("stays", "leaves"),
    ),
    "offer": _model(
        "takes_offer",
        -0.6,
        _number("visits_30d", 0.07),
        _number("basket", 0.011),
        _level("channel", app=0.3, web=0.1, shop=-0.2),
        labels=("no", "yes"),
    ),
    "value": _model("value", 40, _number("orders_per_year", 31), _number("basket", 2.4), _number("returns", -9.5, 0)),
}


def artifact(model: str, shift: float = 0.0) -> bytes:
    """A zip with the model.json of one of them; a challenger differs by what is added to its intercept."""
    content = MODELS[model] | {"intercept": MODELS[model]["intercept"] + shift}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.json", json.dumps(content, indent=2))
    return packed.getvalue()
