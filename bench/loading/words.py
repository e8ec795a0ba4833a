"""What people call things, and how they configure them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

DEPARTMENTS: Final = (
    "Retail", "Credit", "Fraud", "Claims", "Treasury", "Wealth", "Cards", "Mortgage", "Motor", "Health",
    "Grid", "Logistics", "Network", "Pricing", "Marketing", "Service", "Plant", "Fleet", "Energy", "Research",
)  # fmt: skip
TEAMS: Final = (
    "Risk", "Growth", "Insights", "Operations", "Models", "Quality", "Forecasts", "Data", "Platform", "Labs",
)  # fmt: skip
SUBJECTS: Final = (
    "Credit limit", "Churn", "Next best action", "Claim triage", "Fraud score", "Demand forecast", "Price elasticity",
    "Loan default", "Card dispute", "Maintenance due", "Lead score", "Basket affinity", "Call routing", "Text intent",
    "Image defect", "Energy load", "Route time", "Parcel delay", "Stock out", "Customer value", "Document class",
    "Name match", "Payment risk", "Account takeover", "Sensor anomaly", "Yield estimate", "Staff planning",
    "Discount uptake", "Renewal odds", "Late payment", "Address quality", "Return rate", "Repair cost", "Visit length",
    "Crop health", "Queue length", "Signal loss", "Battery life", "Water demand", "Ticket priority",
)  # fmt: skip
REGIONS: Final = ("EU", "US", "UK", "DACH", "Nordics", "APAC", "LATAM", "MEA", "India", "Japan", "Iberia", "Benelux")
FLAVOURS: Final = ("", "shadow", "batch", "low latency", "explained", "large", "GPU", "pilot", "night run", "v2")
FIRST: Final = (
    "ada",
    "omar",
    "vera",
    "stan",
    "li",
    "noor",
    "ivo",
    "mila",
    "juan",
    "emi",
    "kofi",
    "ines",
    "paul",
    "zoe",
)
LAST: Final = ("berg", "costa", "dvorak", "eng", "fox", "garcia", "hill", "ito", "jansen", "khan", "lopez", "moss")
SENTENCES: Final = (
    "Scores every application within 50 ms; ask before you change the memory.",
    "Runs beside the champion for four weeks.",
    "Needs a GPU for batches above 10,000 rows; on a CPU it takes ten times as long.",
    "Kept for the regulator: the model of last year, on the image it was approved with.",
    "Default of the team; copy it when you need other variables.",
    "Explains each score with Shapley values, which costs twice the memory.",
)
REASONS: Final = (
    "CVE-2026-1234: a crafted request crashes the scorer; use the current version.",
    "Superseded; it needs a third more memory than its successor.",
    "The pilot has ended.",
    "Waiting for model risk to sign it off.",
    "Nobody has used it for a year.",
)
MORE_MODEL_TYPES: Final = {
    "catboost_cbm": "CatBoost",
    "coreml": "Core ML",
    "keras_h5": "Keras",
    "lightgbm_txt": "LightGBM",
    "onnx": "ONNX",
    "openvino_ir": "OpenVINO",
    "pmml": "PMML",
    "sklearn_joblib": "scikit-learn (joblib)",
    "spark_mllib": "Spark MLlib",
    "tensorflow_savedmodel": "TensorFlow SavedModel",
    "torchscript": "TorchScript",
    "xgboost_json": "XGBoost",
}
_VARIABLES: Final = (
    ("JAVA_OPTS", "{if GPU_COUNT >= 1}-Xmx8g{else}-Xmx2g{/if}"),
    ("OMP_NUM_THREADS", "4"),
    ("LOG_LEVEL", "INFO"),
    ("MODEL_CACHE", "/cache/models"),
    ("LICENSE_KEY", "kept-elsewhere"),
    ("REGISTRY_TOKEN", "not-a-real-one"),
    ("CUDA_VISIBLE_DEVICES", "{GPU_COUNT}"),
    ("SHAPLEY", "naive"),
    ("BATCH_ROWS_MAX", "10000"),
    ("TIMEOUT_SECONDS", "30"),
    ("FEATURE_STORE_URL", "http://features.internal:8080/v1"),
    ("ROUNDING", "bankers"),
)
_VOLUMES: Final = (
    [{"id": "cache", "type": "EMPTY_DIR", "mountPaths": ["/cache"], "properties": {"sizeLimit": "2Gi"}}],
    [{"id": "scratch", "type": "EPHEMERAL", "readOnly": False, "mountPaths": ["/scratch", "/work/tmp"]}],
)
_CONTEXTS: Final[tuple[dict[str, Any], ...]] = (
    {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    {"runAsUser": 1001, "runAsGroup": 1001, "readOnlyRootFilesystem": True},
    {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
)
# A selector, and what an experiment's metadata must hold to pass it.
_SELECTORS: Final[tuple[tuple[dict[str, str], dict[str, str]], ...]] = (
    ({"stage": "production"}, {"stage": "production"}),
    ({"stage?absent=match": "shadow"}, {}),
    ({"region": "EU", "tier": "gold"}, {"region": "EU", "tier": "gold"}),
    ({"legacy?absent=require": ""}, {}),
)


@dataclass(frozen=True)
class Selector:
    """A selector as JSON, and metadata that passes it."""

    text: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class Configurations:
    """Some hundred ways in which runtimes are configured, as JSON: a row is quicker to choose than to make."""

    environments: list[str]
    volumes: list[str]
    contexts: list[str]
    selectors: list[Selector]


def configurations(chances: Random) -> Configurations:
    """The ways in which the runtimes of one database are configured; most ask for little."""
    environments = [
        json.dumps(dict(chances.sample(_VARIABLES, chances.choice((1, 2, 2, 3, 4, 6, 8))))) for _ in range(300)
    ]
    return Configurations(
        environments=["{}"] * 60 + environments,
        volumes=["[]"] * 18 + [json.dumps(each) for each in _VOLUMES],
        contexts=["{}"] * 7 + [json.dumps(each) for each in _CONTEXTS],
        selectors=[Selector("{}", {})] * 12 + [Selector(json.dumps(each), found) for each, found in _SELECTORS],
    )
