"""Versions of registered models by the storage service."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import catalog
from deployments.actions import models as actions
from deployments.api.storage import inputs
from deployments.api.storage.experiments import EXAMPLE, example
from deployments.api.storage.models import EXAMPLE_MODEL
from deployments.api.storage.query import Call, Column, Columns, instant, number, text, where
from deployments.api.storage.shapes import VersionShape, listing, version_data
from mlops_console.api.schema import NOTHING, holding
from mlops_console.keyset import Order

VERSIONS: Final[Columns] = {
    "id": Column("uid", text),
    "version_number": Column("number", number),
    "experiment_id": Column("experiment__uid", text),
    "project_id": Column("model__workspace__uid", text),
    "created_time": Column("created_at", instant),
    "last_modified_time": Column("created_at", instant),
}
HIGHEST_FIRST: Final = Order(("-number",))
VERSION: Final = holding("RegisteredModelVersionAnswer", registeredModelVersion=VersionShape())
VERSION_NAMES: Final = {
    "display_name": "registeredModelDisplayName",
    "experiment": "registeredModelVersion.experimentId",
}
EXAMPLE_VERSION: Final = "00000000-0000-4000-8000-0000000c0002"
SPARE_EXPERIMENT: Final = "00000000-0000-4000-8000-0000000e0002"


class CreateVersion(Call):
    """Register an experiment."""

    operations, names = {"POST": "CreateModelVersion"}, VERSION_NAMES

    @extend_schema(
        request=inputs.CreateVersionInput,
        responses=VERSION,
        examples=example(
            registeredModelVersion={"experimentId": SPARE_EXPERIMENT},
            registeredModelDisplayName="Fraud",
            projectId="lab",
        ),
    )
    def post(self, request: Request) -> Response:
        """Make an experiment the next version of a model, by id or by name; a new name makes the model."""
        given = self.body(inputs.CreateVersionInput)
        told = given.get("registeredModelVersion", {})
        made = actions.register(
            actor=self.actor,
            workspace=self.enter_workspace(self.needed(given, "projectId")),
            experiment=told.get("experimentId", ""),
            model=told.get("registeredModelId", ""),
            display_name=given.get("registeredModelDisplayName", ""),
            now=timezone.now(),
        )
        return self.answer({"registeredModelVersion": VersionShape(version_data(made)).data})


class GetVersion(Call):
    """One version of a registered model."""

    operations = {"POST": "GetModelVersion"}

    @extend_schema(request=inputs.ModelVersionId, responses=VERSION, examples=example(modelVersionId=EXAMPLE_VERSION))
    def post(self, request: Request) -> Response:
        """A version by id."""
        found = catalog.find_version(self.actor, self.needed(self.body(inputs.ModelVersionId), "modelVersionId"))
        return self.answer({"registeredModelVersion": VersionShape(version_data(found)).data})


class VersionsOfExperiment(Call):
    """The versions that an experiment is."""

    operations = {"POST": "GetModelVersionForExperiment"}

    @extend_schema(
        request=inputs.VersionsOfExperiment,
        responses=holding("ExperimentVersions", registeredModelVersion=VersionShape(many=True)),
        examples=example(experimentId=EXAMPLE),
    )
    def post(self, request: Request) -> Response:
        """All of them; there is one at most."""
        given = self.body(inputs.VersionsOfExperiment)
        found = catalog.find_experiment(self.actor, self.needed(given, "experimentId"))
        rows = catalog.registrations_of(found).filter(where(given, VERSIONS))
        told = [version_data(each) for each in rows]
        return self.answer({"registeredModelVersion": VersionShape(told, many=True).data})


class ListVersions(Call):
    """The versions of a registered model, the highest first."""

    operations = {"POST": "ListModelVersionsForModel"}

    @extend_schema(
        request=inputs.ListVersionsInput,
        responses=listing("ModelVersionPage", "modelVersions", VersionShape),
        examples=example(registeredModelId=EXAMPLE_MODEL),
    )
    def post(self, request: Request) -> Response:
        """A page of versions."""
        given = self.body(inputs.ListVersionsInput)
        model = catalog.find_model(self.actor, self.needed(given, "registeredModelId"))
        cut, paging = self.cut(catalog.versions_of(model), VERSIONS, given | {"projectId": model.uid}, HIGHEST_FIRST)
        told = [version_data(each) for each in cut.rows]
        return self.answer({"modelVersions": VersionShape(told, many=True).data, **paging})


class CountVersions(Call):
    """How many versions a registered model has."""

    operations = {"POST": "CountModelVersions"}

    @extend_schema(
        request=inputs.VersionsNarrowed,
        responses=holding("ModelVersionCount", count=serializers.IntegerField()),
        examples=example(registeredModelId=EXAMPLE_MODEL),
    )
    def post(self, request: Request) -> Response:
        """Count versions."""
        given = self.body(inputs.VersionsNarrowed)
        model = catalog.find_model(self.actor, self.needed(given, "registeredModelId"))
        return self.answer({"count": catalog.versions_of(model).filter(where(given, VERSIONS)).count()})


class DeleteVersion(Call):
    """Take an experiment out of its registered model."""

    operations = {"POST": "DeleteModelVersion"}

    @extend_schema(request=inputs.VersionId, responses=NOTHING, examples=example(id=EXAMPLE_VERSION))
    def post(self, request: Request) -> Response:
        """Remove a version; its experiment stays."""
        uid = self.needed(self.body(inputs.VersionId), "id")
        actions.delete_version(actor=self.actor, uid=uid, now=timezone.now())
        return self.answer({})
