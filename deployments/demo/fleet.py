"""What the demo's workspaces have deployed, in the order in which they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from deployments.planning.modes import Mode

H2O3: Final = "workspaces/global/runtimes/h2o3_mojo_runtime"
MOJO: Final = "workspaces/global/runtimes/dai_mojo_runtime"
SKLEARN: Final = "workspaces/global/runtimes/mlflow_sklearn_runtime"
PY311: Final = "workspaces/global/runtimes/mlflow_dynamic_py311_runtime"
LIMITS: Final = "workspaces/credit-risk/runtimes/limits"


@dataclass(frozen=True)
class Model:
    """An experiment: its name, one of the demo's models, and by how much it differs from that."""

    name: str
    model: str
    shift: float = 0.0
    weight: int | None = None


@dataclass(frozen=True)
class Live:
    """A deployment: `release` is that of the catalogue in which it was made, 2 being today's."""

    release: int
    is_risk: bool
    name: str
    runtime: str
    models: tuple[Model, ...]
    mode: Mode = Mode.SINGLE
    description: str = ""
    is_asleep: bool = False


FLEET: Final = (
    Live(
        0,
        True,
        "Collections priority",
        H2O3,
        (Model("Collections GLM 2024", "priority"),),
        description="Whom to call first. Nobody has moved it since its version was withdrawn.",
    ),
    Live(
        0,
        True,
        "Default probability",
        MOJO,
        (Model("Default GBM v7", "default"), Model("Default GBM v8", "default", -0.15)),
        Mode.SHADOW,
        "The champion answers; its challenger gets a copy of each application.",
    ),
    Live(0, False, "Churn", SKLEARN, (Model("Churn logistic 12", "churn"),), description="Who is about to leave."),
    Live(
        1,
        True,
        "Loan applications",
        H2O3,
        (Model("Application score A", "default", 0.1, 80), Model("Application score B", "default", -0.2, 20)),
        Mode.SPLIT,
        "An A/B test of two scorecards.",
    ),
    Live(1, True, "Affordability check", MOJO, (Model("Affordability 3", "limit", -150),)),
    Live(
        1,
        False,
        "Next best offer",
        SKLEARN,
        (
            Model("Offer baseline", "offer", 0.0, 50),
            Model("Offer with visits", "offer", 0.2, 30),
            Model("Offer by channel", "offer", -0.1, 20),
        ),
        Mode.SPLIT,
        "Three candidates share the visitors of the shop.",
    ),
    Live(1, False, "Complaint routing", PY311, (Model("Complaint urgency", "priority", 5),)),
    Live(2, True, "Early warning", H2O3, (Model("Early warning 2", "default", 0.6),), description="On target already."),
    Live(2, True, "Credit limits", LIMITS, (Model("Limit recommendation", "limit"),)),
    Live(
        2,
        False,
        "Lifetime value",
        H2O3,
        (Model("Value 2025", "value"), Model("Value 2026", "value", 12)),
        Mode.SHADOW,
    ),
    Live(
        2,
        False,
        "Campaign response",
        MOJO,
        (Model("Response A", "offer", -0.4, 90), Model("Response B", "offer", -0.3, 10)),
        Mode.SPLIT,
    ),
    Live(
        2,
        False,
        "Store visits",
        SKLEARN,
        (Model("Visits forecast", "value", 3),),
        description="Asleep between seasons: resume it when it is needed.",
        is_asleep=True,
    ),
)
