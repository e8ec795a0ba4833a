"""The Django app of runtimes, runtime images and versions."""

from django.apps import AppConfig


class RuntimesConfig(AppConfig):
    """Images, versions, runtimes and model types."""

    name = "runtimes"
    label = "runtimes"
