"""What can run: model types, scorer images with their versions, runtimes, and the values file they come from."""

from runtimes.models.bootstrap import BootstrapRun
from runtimes.models.images import RuntimeImage, Version
from runtimes.models.model_types import ModelType
from runtimes.models.runtimes import Runtime

__all__ = ["BootstrapRun", "ModelType", "Runtime", "RuntimeImage", "Version"]
