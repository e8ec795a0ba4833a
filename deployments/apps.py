"""The app of what is running."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """Experiments, deployments, and how they move from one runtime image to another."""

    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        """Tell those that know nothing of this app: the pages of runtimes what stands on them, and scrapes."""
        from deployments.observing.fleet import fleet_metrics
        from deployments.web.uses import deployment_counts, deployments_on
        from mlops_console.observing.sources import tell_metrics
        from runtimes.web.uses import tell_uses

        tell_uses(deployments_on, deployment_counts)
        tell_metrics(fleet_metrics)
