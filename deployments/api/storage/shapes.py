"""Answers of the storage service."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from deployments.api.storage.inputs import ENTITIES
from deployments.api.storage.listing import ValueShape
from deployments.models import Artifact, Experiment, ModelVersion, RegisteredModel
from mlops_console.api.fields import Int64, Text, Wire
from mlops_console.api.schema import holding
from mlops_console.api.shapes import SYSTEM
from mlops_console.models import User

ARTIFACT_STATES = ["AVAILABLE", "EMPTY"]
INGESTION = ["SUCCEEDED", "FAILED"]
FINISHED = ["FINISHED"]
ACTIVE = ["ACTIVE"]
METHODS = ["HTTP_METHOD_GET", "HTTP_METHOD_PUT"]


class MetadataValues(Wire):
    """What is known of an experiment."""

    values = serializers.DictField(child=ValueShape())


@extend_schema_serializer(component_name="Experiment")
class ExperimentShape(Wire):
    """A trained model."""

    id = Text()
    displayName = Text()
    description = Text()
    ownerId = Text()
    createdTime = serializers.DateTimeField()
    lastModifiedTime = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=FINISHED)
    metadata = MetadataValues()
    tag = serializers.ListField(child=serializers.DictField(), help_text="Always empty.")


@extend_schema_serializer(component_name="ModelIngestionState")
class IngestionShape(Wire):
    """Whether the file can be read as a model."""

    status = serializers.ChoiceField(choices=INGESTION)
    errorMessage = Text()


@extend_schema_serializer(component_name="Artifact")
class ArtifactShape(Wire):
    """A file."""

    id = Text()
    entityId = Text(help_text="What it belongs to, by id.")
    entityType = serializers.ChoiceField(choices=ENTITIES)
    type = Text()
    mimeType = Text()
    state = serializers.ChoiceField(choices=ARTIFACT_STATES)
    size = Int64(help_text="Bytes.")
    md5Digest = Text(help_text="In base64; empty until the file has arrived.")
    createdTime = serializers.DateTimeField()
    uploadedTime = serializers.DateTimeField(required=False)
    lastModifiedTime = serializers.DateTimeField()
    modelIngestionState = IngestionShape(required=False)


@extend_schema_serializer(component_name="PresignedUrl")
class PresignedShape(Wire):
    """An address that needs no token, for some minutes."""

    url = Text()
    method = serializers.ChoiceField(choices=METHODS)
    contentType = Text()
    expiresAt = serializers.DateTimeField()


@extend_schema_serializer(component_name="RegisteredModel")
class ModelShape(Wire):
    """A name under which versions of one model follow each other."""

    id = Text()
    displayName = Text()
    description = Text()
    projectId = Text(help_text="Id of its workspace.")
    createdTime = serializers.DateTimeField()
    createdBy = Text()
    updatedTime = serializers.DateTimeField()
    updatedBy = Text()
    status = serializers.ChoiceField(choices=ACTIVE)


@extend_schema_serializer(component_name="RegisteredModelVersion")
class VersionShape(Wire):
    """One experiment as the n-th version of a registered model."""

    id = Text()
    registeredModelId = Text()
    experimentId = Text()
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ACTIVE)
    createdTime = serializers.DateTimeField()
    createdBy = Text()
    updatedTime = serializers.DateTimeField()
    updatedBy = Text()


class PagingShape(Wire):
    """Where a list goes on."""

    nextPageToken = Text()


def listing(name: str, key: str, shape: type[Wire]) -> Any:
    """The answer of a list; `paging` is absent on the last page."""
    return holding(name, **{key: shape(many=True)}, paging=PagingShape(required=False))


def experiment_data(row: Experiment, patterns: Sequence[str] | None) -> dict[str, Any]:
    """An experiment, its metadata narrowed to some patterns of keys."""
    wanted = _selecting(patterns)
    known: Mapping[str, Any] = row.metadata
    if row.model_type_id:
        known = {**known, "model_type": row.model_type_id}
    return {
        "id": row.uid,
        "displayName": row.display_name,
        "description": row.description,
        "ownerId": _user(row.owner),
        "createdTime": row.created_at,
        "lastModifiedTime": row.updated_at,
        "status": "FINISHED",
        "metadata": {"values": {key: _value(value) for key, value in known.items() if wanted(key)}},
        "tag": [],
    }


def artifact_data(row: Artifact, **more: Any) -> dict[str, Any]:
    """A file with what it belongs to."""
    owner = row.experiment
    return {
        "id": row.uid,
        "entityId": owner.uid if owner else row.workspace.uid,
        "entityType": "EXPERIMENT" if owner else "PROJECT",
        "type": row.type,
        "mimeType": row.mime_type,
        "state": "AVAILABLE" if row.uploaded_at else "EMPTY",
        "size": row.size or 0,
        "md5Digest": b64encode(bytes.fromhex(row.md5)).decode(),
        "createdTime": row.created_at,
        "uploadedTime": row.uploaded_at,
        "lastModifiedTime": row.uploaded_at or row.created_at,
        **more,
    }


def model_data(row: RegisteredModel) -> dict[str, Any]:
    """A registered model."""
    return {
        "id": row.uid,
        "displayName": row.display_name,
        "description": row.description,
        "projectId": row.workspace.uid,
        "createdTime": row.created_at,
        "createdBy": _user(row.creator),
        "updatedTime": row.updated_at,
        "updatedBy": _user(row.updater),
        "status": "ACTIVE",
    }


def version_data(row: ModelVersion) -> dict[str, Any]:
    """A version, which nobody changes once it is made."""
    made: dict[str, datetime | str] = {"Time": row.created_at, "By": _user(row.creator)}
    return {
        "id": row.uid,
        "registeredModelId": row.model.uid,
        "experimentId": row.experiment.uid,
        "version": row.number,
        "status": "ACTIVE",
        **{f"{when}{what}": value for when in ("created", "updated") for what, value in made.items()},
    }


def _user(user: User | None) -> str:
    return str(user.uid) if user else SYSTEM


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"int64Value": value}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
    return {"jsonValue": json.dumps(value, ensure_ascii=False)}


def _selecting(patterns: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether a key is wanted; without patterns all are."""
    if patterns is None:
        return lambda key: True
    whole = set(patterns)
    beginnings = tuple(each[:-1] for each in patterns if each.endswith("*"))
    return lambda key: key in whole or key.startswith(beginnings)
