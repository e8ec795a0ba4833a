"""Experiments by the storage service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import catalog, queries, storage
from deployments.actions import artifacts as changes
from deployments.actions import experiments as actions
from deployments.api.storage import inputs
from deployments.api.storage.query import Call, Column, Columns, instant, text, where
from deployments.api.storage.shapes import ExperimentShape, experiment_data, listing
from deployments.ingestion import Ingested, ingest
from deployments.models import Experiment
from mlops_console.access import Right
from mlops_console.api.schema import NOTHING, holding
from mlops_console.errors import Invalid, Refused
from mlops_console.keyset import Order
from mlops_console.models import Workspace
from runtimes.models import ModelType

COLUMNS: Final[Columns] = {
    "id": Column("uid", text),
    "display_name": Column("display_name", text),
    "description": Column("description", text),
    "created_time": Column("created_at", instant),
    "last_modified_time": Column("updated_at", instant),
}
BY_NAME: Final = Order(("display_name", "uid"))
ANSWER: Final = holding("ExperimentAnswer", experiment=ExperimentShape())
EXAMPLE: Final = "00000000-0000-4000-8000-0000000e0001"
NAMES: Final = {
    "display_name": "experiment.displayName",
    "description": "experiment.description",
    "metadata": "experiment.metadata.values",
    "artifact": "artifactId",
}
_MODEL_TYPE: Final = "model_type"


def example(**body: Any) -> list[OpenApiExample]:
    """The example of a call."""
    return [OpenApiExample("A call", body, request_only=True)]


class CreateExperiment(Call):
    """Make an experiment."""

    operations, names = {"POST": "CreateExperiment"}, NAMES

    @extend_schema(
        request=inputs.CreateExperimentInput,
        responses=ANSWER,
        examples=example(projectId="lab", experiment={"displayName": "Churn, spring"}),
    )
    def post(self, request: Request) -> Response:
        """Make an experiment, of an ingested file where one is named; what is told wins over what the file says."""
        given = self.body(inputs.CreateExperimentInput)
        place = self.enter_workspace(self.needed(given, "projectId"))
        told = given.get("experiment", {})
        uid = given.get("artifactId", "")
        found = self._ingested(place, uid) if uid else Ingested()
        metadata = {**found.metadata, **_metadata(told)}
        kinds = (metadata.get(_MODEL_TYPE), found.model_type)
        known = set(
            ModelType.objects.filter(name__in=[kind for kind in kinds if isinstance(kind, str)]).values_list(
                "name", flat=True
            )
        )
        kind = next((each for each in kinds if each in known), "")
        made = actions.create_experiment(
            actor=self.actor,
            workspace=place,
            display_name=told.get("displayName", ""),
            description=told.get("description", ""),
            model_type=str(kind),
            metadata=metadata,
            artifact=uid,
            artifact_type=found.model_type,
            now=timezone.now(),
        )
        return shown(self, made, given)

    def _ingested(self, place: Workspace, uid: str) -> Ingested:
        self.actor.require(Right.WRITE, place)
        row = queries.find_artifact(self.actor, uid)
        if row.workspace != place or row.uploaded_at is None:
            raise Invalid({"artifactId": "It is no uploaded file of that workspace."})
        found = ingest(storage.path_of(uid))
        if found.fault:
            raise Refused("not-ingested", found.fault)
        return found


class GetExperiment(Call):
    """One experiment."""

    operations = {"POST": "GetExperiment"}

    @extend_schema(request=inputs.ExperimentId, responses=ANSWER, examples=example(id=EXAMPLE))
    def post(self, request: Request) -> Response:
        """An experiment by id."""
        given = self.body(inputs.ExperimentId)
        return shown(self, catalog.find_experiment(self.actor, self.needed(given, "id")), given)


class UpdateExperiment(Call):
    """Give an experiment another name."""

    operations, names = {"POST": "UpdateExperiment"}, NAMES

    @extend_schema(
        request=inputs.UpdateExperimentInput,
        responses=ANSWER,
        examples=example(experiment={"id": EXAMPLE, "displayName": "Churn, autumn"}, updateMask="displayName"),
    )
    def post(self, request: Request) -> Response:
        """Change the name of an experiment."""
        given = self.body(inputs.UpdateExperimentInput)
        told = given.get("experiment", {})
        if given.get("updateMask", "displayName") not in ("displayName", "display_name"):
            raise Invalid({"updateMask": "displayName can be updated, and nothing else."})
        uid = self.needed(told, "id")
        row = changes.rename_experiment(
            actor=self.actor, uid=uid, display_name=told.get("displayName", ""), now=timezone.now()
        )
        return shown(self, row, given)


class ListExperiments(Call):
    """The experiments of a workspace."""

    operations = {"POST": "ListExperiments"}

    @extend_schema(
        request=inputs.ListExperimentsInput,
        responses=listing("ExperimentPage", "experiment", ExperimentShape),
        examples=example(projectId="lab"),
    )
    def post(self, request: Request) -> Response:
        """A page of experiments."""
        given = self.body(inputs.ListExperimentsInput)
        scope = self.enter(given.get("projectId") or "-")
        cut, paging = self.cut(catalog.experiments_of(scope), COLUMNS, given, BY_NAME)
        told = [experiment_data(each, patterns(given)) for each in cut.rows]
        return self.answer({"experiment": ExperimentShape(told, many=True).data, **paging})


class CountExperiments(Call):
    """How many experiments a workspace has."""

    operations = {"POST": "CountExperiments"}

    @extend_schema(
        request=inputs.ProjectNarrowed,
        responses=holding("ExperimentCount", count=serializers.CharField(help_text="An int64.")),
        examples=example(projectId="lab"),
    )
    def post(self, request: Request) -> Response:
        """Count experiments."""
        given = self.body(inputs.ProjectNarrowed)
        rows = catalog.experiments_of(self.enter(given.get("projectId") or "-"))
        return self.answer({"count": str(rows.filter(where(given, COLUMNS)).count())})


class DeleteExperiment(Call):
    """Remove an experiment with its file."""

    operations = {"POST": "DeleteExperiment"}

    @extend_schema(
        request=inputs.ExperimentId, responses=NOTHING, examples=example(id="00000000-0000-4000-8000-0000000e0002")
    )
    def post(self, request: Request) -> Response:
        """Remove an experiment; one that is deployed or registered is refused, naming where."""
        uid = self.needed(self.body(inputs.ExperimentId), "id")
        found = catalog.find_experiment(self.actor, uid)
        files = actions.delete_experiment(actor=self.actor, workspace=found.workspace.uid, uid=uid, now=timezone.now())
        for file in files:
            storage.remove(file)
        return self.answer({})


class IsExperimentRegistered(Call):
    """Whether an experiment is a version of a registered model."""

    operations = {"POST": "IsExperimentRegistered"}

    @extend_schema(
        request=inputs.RegisteredInput,
        responses=holding("IsRegistered", isRegistered=serializers.BooleanField()),
        examples=example(experimentId=EXAMPLE),
    )
    def post(self, request: Request) -> Response:
        """Whether it is registered."""
        found = catalog.find_experiment(self.actor, self.needed(self.body(inputs.RegisteredInput), "experimentId"))
        return self.answer({"isRegistered": catalog.registrations_of(found).exists()})


def shown(view: Call, row: Experiment, given: Mapping[str, Any]) -> Response:
    """One experiment as an answer."""
    return view.answer({"experiment": ExperimentShape(experiment_data(row, patterns(given))).data})


def patterns(given: Mapping[str, Any]) -> list[str] | None:
    """Which metadata a body asks for; None where it does not say."""
    selection = given.get("responseMetadata")
    return None if selection is None else list(selection.get("pattern", []))


def _metadata(told: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a body as it is kept; raises Invalid."""
    return {key: _kept(key, value) for key, value in told.get("metadata", {}).get("values", {}).items()}


def _kept(key: str, value: Mapping[str, Any]) -> Any:
    try:
        if "int64Value" in value:
            return int(value["int64Value"])
        if "jsonValue" in value:
            return json.loads(value["jsonValue"])
    except (ValueError, RecursionError):
        raise Invalid({f"metadata.{key[:60]}": "This is not what it is said to be."}) from None
    return next(iter(value.values()), "")
