"""Registered models and their versions by the storage service."""

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
from deployments.api.storage.experiments import example
from deployments.api.storage.query import Call, Column, Columns, instant, text, where
from deployments.api.storage.shapes import ModelShape, listing, model_data
from mlops_console.api.schema import NOTHING, holding
from mlops_console.keyset import Order

MODELS: Final[Columns] = {
    "id": Column("uid", text),
    "name": Column("display_name", text),
    "display_name": Column("display_name", text),
    "description": Column("description", text),
    "created_time": Column("created_at", instant),
    "last_modified_time": Column("updated_at", instant),
}
BY_NAME: Final = Order(("display_name", "uid"))
MODEL: Final = holding("RegisteredModelAnswer", registeredModel=ModelShape())
NAMES: Final = {"display_name": "registeredModel.displayName", "description": "registeredModel.description"}
EXAMPLE_MODEL: Final = "00000000-0000-4000-8000-0000000c0001"


class CreateModel(Call):
    """Make a registered model."""

    operations, names = {"POST": "CreateRegisteredModel"}, NAMES

    @extend_schema(
        request=inputs.CreateModelInput,
        responses=MODEL,
        examples=example(registeredModel={"displayName": "Fraud", "projectId": "lab"}),
    )
    def post(self, request: Request) -> Response:
        """Make a registered model without versions."""
        given = self.body(inputs.CreateModelInput).get("registeredModel", {})
        made = actions.create_model(
            actor=self.actor,
            workspace=self.enter_workspace(self.needed(given, "projectId")),
            display_name=given.get("displayName", ""),
            description=given.get("description", ""),
            now=timezone.now(),
        )
        return self.answer({"registeredModel": ModelShape(model_data(made)).data})


class GetModel(Call):
    """One registered model."""

    operations = {"POST": "GetRegisteredModel"}

    @extend_schema(request=inputs.ModelId, responses=MODEL, examples=example(modelId=EXAMPLE_MODEL))
    def post(self, request: Request) -> Response:
        """A registered model by id."""
        found = catalog.find_model(self.actor, self.needed(self.body(inputs.ModelId), "modelId"))
        return self.answer({"registeredModel": ModelShape(model_data(found)).data})


class GetModelByName(Call):
    """One registered model of a workspace."""

    operations = {"POST": "GetRegisteredModelByName"}

    @extend_schema(request=inputs.ModelName, responses=MODEL, examples=example(modelName="Churn", projectId="lab"))
    def post(self, request: Request) -> Response:
        """A registered model by its name."""
        given = self.body(inputs.ModelName)
        scope = self.enter(self.needed(given, "projectId"))
        scope.one()
        found = catalog.find_model_by_name(scope, self.needed(given, "modelName"))
        return self.answer({"registeredModel": ModelShape(model_data(found)).data})


class ListModels(Call):
    """The registered models of a workspace; of all of them where none is named."""

    operations = {"POST": "ListRegisteredModels"}

    @extend_schema(
        request=inputs.ListModelsInput,
        responses=listing("RegisteredModelPage", "registeredModels", ModelShape),
        examples=example(projectId="lab"),
    )
    def post(self, request: Request) -> Response:
        """A page of registered models."""
        given = self.body(inputs.ListModelsInput)
        rows = catalog.models_of(self.enter(given.get("projectId") or "-"))
        cut, paging = self.cut(rows, MODELS, given, BY_NAME)
        told = [model_data(each) for each in cut.rows]
        return self.answer({"registeredModels": ModelShape(told, many=True).data, **paging})


class CountModels(Call):
    """How many registered models a workspace has."""

    operations = {"POST": "CountRegisteredModels"}

    @extend_schema(
        request=inputs.ProjectNarrowed,
        responses=holding("RegisteredModelCount", registeredModelCount=serializers.IntegerField()),
        examples=example(projectId="lab"),
    )
    def post(self, request: Request) -> Response:
        """Count registered models."""
        given = self.body(inputs.ProjectNarrowed)
        rows = catalog.models_of(self.enter(given.get("projectId") or "-"))
        return self.answer({"registeredModelCount": rows.filter(where(given, MODELS)).count()})


class DeleteModel(Call):
    """Remove a registered model."""

    operations = {"POST": "DeleteRegisteredModel"}

    @extend_schema(request=inputs.ModelId, responses=NOTHING, examples=example(modelId=EXAMPLE_MODEL))
    def post(self, request: Request) -> Response:
        """Remove a registered model with its versions; their experiments stay."""
        uid = self.needed(self.body(inputs.ModelId), "modelId")
        actions.delete_model(actor=self.actor, uid=uid, now=timezone.now())
        return self.answer({})
