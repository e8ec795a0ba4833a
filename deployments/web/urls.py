"""Pages of deployments, rollouts and experiments."""

from django.urls import path

from deployments.web.views import deployments, experiments, rollouts, upgrade

app_name = "deployments"
_DEPLOYMENTS = "workspaces/<str:workspace>/deployments/"
_ROLLOUTS = "workspaces/<str:workspace>/rollouts/"
_EXPERIMENTS = "workspaces/<str:workspace>/experiments/"
urlpatterns = [
    path(_DEPLOYMENTS, deployments.deployment_list, name="deployment-list"),
    path(_DEPLOYMENTS + "offers/<str:kind>.html", deployments.deployment_offers, name="deployment-offers"),
    path(_DEPLOYMENTS + "new/", deployments.deployment_create, name="deployment-create"),
    path(_DEPLOYMENTS + "<str:uid>/", deployments.deployment_detail, name="deployment-detail"),
    path(_DEPLOYMENTS + "<str:uid>/pause/", deployments.deployment_pause, name="deployment-pause"),
    path(_DEPLOYMENTS + "<str:uid>/resume/", deployments.deployment_resume, name="deployment-resume"),
    path(_DEPLOYMENTS + "<str:uid>/delete/", deployments.deployment_delete, name="deployment-delete"),
    path(_DEPLOYMENTS + "<str:uid>/adopt/", deployments.deployment_adopt, name="deployment-adopt"),
    path(_DEPLOYMENTS + "<str:uid>/reapply/", deployments.deployment_reapply, name="deployment-reapply"),
    path(_DEPLOYMENTS + "<str:uid>/upgrade/", upgrade.deployment_upgrade, name="deployment-upgrade"),
    path(_ROLLOUTS, rollouts.rollout_list, name="rollout-list"),
    path(_ROLLOUTS + "<int:rollout>/", rollouts.rollout_detail, name="rollout-detail"),
    path(_ROLLOUTS + "<int:rollout>/pause/", rollouts.rollout_pause, name="rollout-pause"),
    path(_ROLLOUTS + "<int:rollout>/resume/", rollouts.rollout_resume, name="rollout-resume"),
    path(_ROLLOUTS + "<int:rollout>/abort/", rollouts.rollout_abort, name="rollout-abort"),
    path(_EXPERIMENTS, experiments.experiment_list, name="experiment-list"),
    path(_EXPERIMENTS + "new/", experiments.experiment_create, name="experiment-create"),
    path(_EXPERIMENTS + "<str:uid>/", experiments.experiment_detail, name="experiment-detail"),
    path(_EXPERIMENTS + "<str:uid>/delete/", experiments.experiment_delete, name="experiment-delete"),
]
