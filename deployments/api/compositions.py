"""What can be deployed on what: a row for each runtime, its artifact type and processor being those of its model type.

A file is served as it was uploaded. So each model type stands for one type of artifacts and for one processor, all
three under one name.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from mlops_console.api.fields import Text, Wire
from runtimes.models import ModelType, Runtime
from runtimes.models.layered import STATES


@extend_schema_serializer(component_name="ModelType")
class ModelTypeShape(Wire):
    """A sort of model."""

    name = Text()
    displayName = Text()
    streaming = serializers.BooleanField(help_text="false: each request has one answer.")


@extend_schema_serializer(component_name="DeployableArtifactType")
class ArtifactTypeShape(Wire):
    """A sort of file that can be deployed."""

    name = Text()
    displayName = Text()
    artifactType = Text(help_text="What such an artifact has for its type.")


@extend_schema_serializer(component_name="ArtifactProcessor")
class ProcessorShape(Wire):
    """What makes a file ready for its scorer."""

    name = Text()
    displayName = Text()
    deployableArtifactType = Text()
    modelType = Text()
    image = Text(help_text="Empty: the scorer takes the file as it is.")


class CompositionRuntime(Wire):
    """A runtime as compositions name it."""

    name = Text(help_text="Resource name.")
    displayName = Text()
    modelType = Text()
    image = Text(help_text="Resource name of its image, or of the version that it is pinned to.")
    state = serializers.ChoiceField(choices=STATES)


@extend_schema_serializer(component_name="ArtifactComposition")
class ArtifactCompositionShape(Wire):
    """A runtime with what can be deployed on it."""

    deployableArtifactType = ArtifactTypeShape()
    artifactProcessor = ProcessorShape()
    modelType = ModelTypeShape()
    runtime = CompositionRuntime()


def model_type_data(kind: ModelType) -> dict[str, Any]:
    """A model type in the wire's words."""
    return {"name": kind.name, "displayName": kind.display_name, "streaming": False}


def artifact_type_data(kind: ModelType) -> dict[str, Any]:
    """The artifacts of a model type."""
    return {"name": kind.name, "displayName": kind.display_name, "artifactType": kind.name}


def processor_data(kind: ModelType) -> dict[str, Any]:
    """The processor of a model type."""
    return {
        "name": kind.name,
        "displayName": kind.display_name,
        "deployableArtifactType": kind.name,
        "modelType": kind.name,
        "image": "",
    }


def composition_data(runtime: Runtime) -> dict[str, Any]:
    """A runtime with its model type, both read with it."""
    kind = runtime.model_type
    return {
        "deployableArtifactType": artifact_type_data(kind),
        "artifactProcessor": processor_data(kind),
        "modelType": model_type_data(kind),
        "runtime": {
            "name": runtime.name,
            "displayName": runtime.display_name,
            "modelType": kind.name,
            "image": runtime.runtime_image_name,
            "state": runtime.state,
        },
    }
