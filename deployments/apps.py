"""The app of what is running."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """Experiments, deployments, and how they move from one runtime image to another."""

    name = "deployments"
    verbose_name = "Deployments"
