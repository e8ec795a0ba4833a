"""Requests of the storage service."""

from __future__ import annotations

from rest_framework import serializers

from deployments.api.storage.listing import Listed, Narrowed, ValueShape
from mlops_console.api.fields import Flag, Int64, Text, Wire, optional

ENTITIES = ["ENTITY_TYPE_UNSPECIFIED", "PROJECT", "EXPERIMENT", "REGISTERED_MODEL", "DEPLOYMENT", "DATASET"]
_PROJECT = "Id of a workspace."


class KeySelection(Wire):
    """Which metadata to tell: whole keys, or beginnings of keys with a * behind."""

    pattern = optional(serializers.ListField, child=Text())


class MetadataInput(Wire):
    """What is known of an experiment."""

    values = optional(serializers.DictField, child=ValueShape())


class ExperimentInput(Wire):
    """An experiment to make, or what changes in one."""

    id = optional(Text)
    displayName = optional(Text)
    description = optional(Text)
    metadata = optional(MetadataInput)


class CreateExperimentInput(Wire):
    """An experiment to make; with a file its facts are taken from there where it is not told."""

    projectId = optional(Text, help_text=_PROJECT)
    experiment = optional(ExperimentInput)
    artifactId = optional(Text, help_text="A file of the workspace that was ingested.")
    responseMetadata = optional(KeySelection)


class ExperimentId(Wire):
    """One experiment."""

    id = optional(Text)
    projectId = optional(Text, help_text=_PROJECT)
    responseMetadata = optional(KeySelection)


class UpdateExperimentInput(Wire):
    """What changes in an experiment."""

    experiment = optional(ExperimentInput)
    updateMask = optional(Text, help_text="displayName")
    responseMetadata = optional(KeySelection)


class ListExperimentsInput(Listed):
    """Which experiments."""

    projectId = optional(Text, help_text=_PROJECT)
    responseMetadata = optional(KeySelection)


class ProjectNarrowed(Narrowed):
    """Which of a workspace; of all of them where none is named, for platform admins."""

    projectId = optional(Text, help_text=_PROJECT)


class RegisteredInput(Wire):
    """An experiment of a workspace."""

    experimentId = optional(Text)
    projectId = optional(Text, help_text=_PROJECT)


class ArtifactInput(Wire):
    """A file."""

    id = optional(Text)
    entityId = optional(Text, help_text="What it belongs to: a workspace or an experiment, by id.")
    entityType = optional(serializers.ChoiceField, choices=ENTITIES)
    type = optional(Text, help_text="What sort of file it is.")
    mimeType = optional(Text)


class CreateArtifactInput(Wire):
    """A file to announce."""

    artifact = optional(ArtifactInput)


class UpdateArtifactInput(Wire):
    """What changes of a file."""

    artifact = optional(ArtifactInput)
    updateMask = optional(Text, help_text="type, entityId")


class ArtifactId(Wire):
    """One file."""

    id = optional(Text)
    publicUrl = optional(Flag, help_text="Makes no difference: there is one address.")


class CompleteInput(Wire):
    """A file that has arrived."""

    id = optional(Text)
    sizeBytes = optional(Int64, help_text="Refuse a file of any other size.")


class EntityListed(Listed):
    """The files of something."""

    entityId = optional(Text)
    entityType = optional(serializers.ChoiceField, choices=ENTITIES)


class IngestionInput(Wire):
    """One file."""

    artifactId = optional(Text)


class ModelInput(Wire):
    """A registered model to make."""

    displayName = optional(Text)
    description = optional(Text)
    projectId = optional(Text, help_text=_PROJECT)


class CreateModelInput(Wire):
    """A registered model to make."""

    registeredModel = optional(ModelInput)


class ModelId(Wire):
    """One registered model."""

    modelId = optional(Text)


class ModelName(Wire):
    """One registered model."""

    modelName = optional(Text)
    projectId = optional(Text, help_text=_PROJECT)


class ListModelsInput(Listed):
    """Which registered models."""

    projectId = optional(Text, help_text=_PROJECT)


class VersionInput(Wire):
    """A version to make."""

    experimentId = optional(Text)
    registeredModelId = optional(Text, help_text="Else the model is found, or made, by its name.")


class CreateVersionInput(Wire):
    """A version to make."""

    registeredModelVersion = optional(VersionInput)
    registeredModelDisplayName = optional(Text)
    projectId = optional(Text, help_text=_PROJECT)


class VersionId(Wire):
    """One version."""

    id = optional(Text)


class ModelVersionId(Wire):
    """One version."""

    modelVersionId = optional(Text)


class VersionsNarrowed(Narrowed):
    """Which versions of a model."""

    registeredModelId = optional(Text)


class ListVersionsInput(Listed):
    """Which versions of a model."""

    registeredModelId = optional(Text)


class VersionsOfExperiment(Narrowed):
    """Which versions an experiment is."""

    experimentId = optional(Text)
