"""Pages of deployments."""

from deployments.web.views.deployments.create import deployment_create
from deployments.web.views.deployments.detail import deployment_detail
from deployments.web.views.deployments.drift import deployment_adopt, deployment_reapply
from deployments.web.views.deployments.table import deployment_list, deployment_offers
from deployments.web.views.deployments.verbs import deployment_delete, deployment_pause, deployment_resume

__all__ = [
    "deployment_adopt",
    "deployment_create",
    "deployment_delete",
    "deployment_detail",
    "deployment_list",
    "deployment_offers",
    "deployment_pause",
    "deployment_reapply",
    "deployment_resume",
]
