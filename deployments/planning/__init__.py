"""What an upgrade would do, decided over a frozen world (R9, R10): no database, no clock, no settings."""

from deployments.planning.aims import latest_of, upgrade_available
from deployments.planning.environment import VariableChange, variable_changes
from deployments.planning.plan import Difference, Plan, differences, plan
from deployments.planning.snapshot import (
    CompositionFact,
    DeploymentFact,
    ImageFact,
    RuntimeFact,
    VersionFact,
    World,
)
from deployments.planning.steps import Caution, CautionCode, Code, Kind, Step
from deployments.planning.stored import from_data, to_data
from deployments.planning.targets import (
    WILDCARD,
    Keep,
    Latest,
    Target,
    Targets,
    ToImage,
    ToVersion,
    parse_target,
    target_text,
)

__all__ = [
    "WILDCARD",
    "Caution",
    "CautionCode",
    "Code",
    "CompositionFact",
    "DeploymentFact",
    "Difference",
    "ImageFact",
    "Keep",
    "Kind",
    "Latest",
    "Plan",
    "RuntimeFact",
    "Step",
    "Target",
    "Targets",
    "ToImage",
    "ToVersion",
    "VariableChange",
    "VersionFact",
    "World",
    "differences",
    "from_data",
    "latest_of",
    "parse_target",
    "plan",
    "target_text",
    "to_data",
    "upgrade_available",
    "variable_changes",
]
