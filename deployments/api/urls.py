"""Addresses of the deployer, under /api/deployer/v2."""

from django.urls import path

from deployments.api.views import compositions, configuration, deployments, rollouts, status, upgrades, verbs

app_name = "deployments-api"
_DEPLOYMENTS = "workspaces/<uid:workspace>/deployments"
_ONE = _DEPLOYMENTS + "/<uid:deployment>"
_ROLLOUTS = _ONE + "/rollouts"
_EXPERIMENT = "workspaces/<uid:workspace>/experiments/<uid:experiment>"
_DISCOVER = "configuration:discover"
urlpatterns = [
    path(_DEPLOYMENTS, deployments.DeploymentCollection.as_view(), name="deployment-list"),
    path(_DEPLOYMENTS + ":count", deployments.DeploymentCount.as_view(), name="deployment-count"),
    path(_DEPLOYMENTS + ":batchUpgradeRuntimeImage", upgrades.UpgradeBatch.as_view(), name="deployment-batch-upgrade"),
    # Before the addresses of single deployments, whose ids they would be.
    path(_DEPLOYMENTS + "/status:batchGet", status.StatusBatch.as_view(), name="deployment-status-batch"),
    path(_DEPLOYMENTS + "/metadata:batchGet", status.MetadataBatch.as_view(), name="deployment-metadata-batch"),
    path(_ONE, deployments.DeploymentResource.as_view(), name="deployment-detail"),
    path(_ONE + "/status", status.DeploymentStatus.as_view(), name="deployment-status"),
    path(_ONE + "/metadata", status.DeploymentMetadata.as_view(), name="deployment-metadata"),
    path(_ONE + ":pause", verbs.DeploymentPause.as_view(), name="deployment-pause"),
    path(_ONE + ":resume", verbs.DeploymentResume.as_view(), name="deployment-resume"),
    path(_ONE + ":retry", verbs.DeploymentRetry.as_view(), name="deployment-retry"),
    path(_ONE + ":upgradeRuntimeImage", upgrades.Upgrade.as_view(), name="deployment-upgrade"),
    path(_ONE + ":previewUpgradeRuntimeImage", upgrades.UpgradePreview.as_view(), name="deployment-preview"),
    path(_ROLLOUTS, rollouts.RolloutCollection.as_view(), name="rollout-list"),
    path(_ROLLOUTS + "/<uid:rollout>", rollouts.RolloutResource.as_view(), name="rollout-detail"),
    path(_ROLLOUTS + "/<uid:rollout>:pause", rollouts.RolloutPause.as_view(), name="rollout-pause"),
    path(_ROLLOUTS + "/<uid:rollout>:resume", rollouts.RolloutResume.as_view(), name="rollout-resume"),
    path(_ROLLOUTS + "/<uid:rollout>:abort", rollouts.RolloutAbort.as_view(), name="rollout-abort"),
    path("artifactCompositions", compositions.Compositions.as_view(), name="composition-list"),
    path(
        _EXPERIMENT + "/artifactCompositions",
        compositions.ExperimentCompositions.as_view(),
        name="experiment-composition-list",
    ),
    path("modelTypes", compositions.ModelTypes.as_view(), name="model-type-list"),
    path("deployableArtifactTypes", compositions.ArtifactTypes.as_view(), name="artifact-type-list"),
    path("artifactProcessors", compositions.Processors.as_view(), name="processor-list"),
    path(_DISCOVER + "KubernetesConfigShortcuts", configuration.Shortcuts.as_view(), name="config-shortcuts"),
    path(_DISCOVER + "KubernetesDeploymentMaxReplicas", configuration.MaxReplicas.as_view(), name="config-replicas"),
    path(
        _DISCOVER + "DefaultRuntimeKubernetesResourceRequirements",
        configuration.Requirements.as_view(),
        name="config-requirements",
    ),
    path("configuration/securityOptionTypes", configuration.SecurityTypes.as_view(), name="config-security"),
    path("configuration/monitoring", configuration.Monitoring.as_view(), name="config-monitoring"),
]
