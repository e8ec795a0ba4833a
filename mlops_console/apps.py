"""The Django app of people, workspaces, tokens and the audit trail."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The floor that the other apps stand on."""

    name = "mlops_console"
    label = "console"
    verbose_name = "MLOps Console"

    def ready(self) -> None:
        from mlops_console import checks  # noqa: F401 - registers the system checks
