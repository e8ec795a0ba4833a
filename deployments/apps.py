"""The app of what is running."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """Experiments, deployments, and how they move from one runtime image to another."""

    name = "deployments"
    verbose_name = "Deployments"

    def ready(self) -> None:
        """Tell the pages of runtimes, which know nothing of this app, what stands on them."""
        from deployments.web.uses import deployments_on
        from runtimes.web.uses import tell_uses

        tell_uses(deployments_on)
