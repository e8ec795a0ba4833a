"""What a Helm values file says there is, against what is stored: decided here, done by an action (R7)."""

from runtimes.bootstrap.faults import Fault, ValuesFaults
from runtimes.bootstrap.items import (
    Present,
    PresentImage,
    PresentRuntime,
    PresentVersion,
    Values,
    WantedImage,
    WantedRuntime,
    WantedVersion,
)
from runtimes.bootstrap.reconcile import REMOVED_REASON, Action, Change, Diff, Held, Key, Kind, reconcile
from runtimes.bootstrap.values import read_values

__all__ = [
    "REMOVED_REASON",
    "Action",
    "Change",
    "Diff",
    "Fault",
    "Held",
    "Key",
    "Kind",
    "Present",
    "PresentImage",
    "PresentRuntime",
    "PresentVersion",
    "Values",
    "ValuesFaults",
    "WantedImage",
    "WantedRuntime",
    "WantedVersion",
    "read_values",
    "reconcile",
]
