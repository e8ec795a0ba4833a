"""Addresses of the storage service, under /api/storage."""

from django.urls import path

from deployments.api.storage import artifacts, blobs, engine, experiments, models, uploads, versions

app_name = "storage-api"
_EXPERIMENT = "ai.h2o.storage.ExperimentService/"
_ARTIFACT = "ai.h2o.storage.ArtifactService/"
_INGESTION = "ai.h2o.storage.ModelIngestionService/"
_MODEL = "ai.h2o.storage.RegisteredModelService/"
_VERSION = "ai.h2o.storage.RegisteredModelVersionService/"
urlpatterns = [
    path(_EXPERIMENT + "CreateExperiment", experiments.CreateExperiment.as_view(), name="experiment-create"),
    path(_EXPERIMENT + "GetExperiment", experiments.GetExperiment.as_view(), name="experiment-get"),
    path(_EXPERIMENT + "UpdateExperiment", experiments.UpdateExperiment.as_view(), name="experiment-update"),
    path(_EXPERIMENT + "ListExperiments", experiments.ListExperiments.as_view(), name="experiment-list"),
    path(_EXPERIMENT + "CountExperiments", experiments.CountExperiments.as_view(), name="experiment-count"),
    path(_EXPERIMENT + "DeleteExperiment", experiments.DeleteExperiment.as_view(), name="experiment-delete"),
    path(
        _EXPERIMENT + "IsExperimentRegistered",
        experiments.IsExperimentRegistered.as_view(),
        name="experiment-registered",
    ),
    path(_ARTIFACT + "CreateArtifact", artifacts.CreateArtifact.as_view(), name="artifact-create"),
    path(_ARTIFACT + "GetArtifact", artifacts.GetArtifact.as_view(), name="artifact-get"),
    path(_ARTIFACT + "UpdateArtifact", artifacts.UpdateArtifact.as_view(), name="artifact-update"),
    path(_ARTIFACT + "GenerateArtifactUploadURL", uploads.GenerateUploadUrl.as_view(), name="artifact-upload-url"),
    path(
        _ARTIFACT + "GenerateArtifactDownloadURL", uploads.GenerateDownloadUrl.as_view(), name="artifact-download-url"
    ),
    path(_ARTIFACT + "CompleteArtifactUpload", uploads.CompleteUpload.as_view(), name="artifact-complete"),
    path(_ARTIFACT + "FailArtifactUpload", uploads.FailUpload.as_view(), name="artifact-fail"),
    path(_ARTIFACT + "ListEntityArtifacts", artifacts.ListEntityArtifacts.as_view(), name="artifact-list"),
    path(_ARTIFACT + "CountEntityArtifacts", artifacts.CountEntityArtifacts.as_view(), name="artifact-count"),
    path(_INGESTION + "RequestModelIngestion", artifacts.RequestIngestion.as_view(), name="ingestion-request"),
    path(_MODEL + "CreateRegisteredModel", models.CreateModel.as_view(), name="model-create"),
    path(_MODEL + "GetRegisteredModel", models.GetModel.as_view(), name="model-get"),
    path(_MODEL + "GetRegisteredModelByName", models.GetModelByName.as_view(), name="model-by-name"),
    path(_MODEL + "ListRegisteredModels", models.ListModels.as_view(), name="model-list"),
    path(_MODEL + "CountRegisteredModels", models.CountModels.as_view(), name="model-count"),
    path(_MODEL + "DeleteRegisteredModel", models.DeleteModel.as_view(), name="model-delete"),
    path(_VERSION + "CreateModelVersion", versions.CreateVersion.as_view(), name="version-create"),
    path(_VERSION + "GetModelVersion", versions.GetVersion.as_view(), name="version-get"),
    path(
        _VERSION + "GetModelVersionForExperiment", versions.VersionsOfExperiment.as_view(), name="version-of-experiment"
    ),
    path(_VERSION + "ListModelVersionsForModel", versions.ListVersions.as_view(), name="version-list"),
    path(_VERSION + "CountModelVersions", versions.CountVersions.as_view(), name="version-count"),
    path(_VERSION + "DeleteModelVersion", versions.DeleteVersion.as_view(), name="version-delete"),
    path("blobs/<uid:artifact>", blobs.Blob.as_view(), name="blob"),
    path("engine/artifacts/<uid:artifact>", engine.EngineArtifact.as_view(), name="engine-artifact"),
]
