"""What can be deployed on what, by the API."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import queries
from deployments.api.compositions import (
    ArtifactCompositionShape,
    ArtifactTypeShape,
    ModelTypeShape,
    ProcessorShape,
    artifact_type_data,
    composition_data,
    model_type_data,
    processor_data,
)
from mlops_console.api.base import ApiView
from mlops_console.api.schema import holding
from mlops_console.queries import workspaces_of
from runtimes.models import Runtime
from runtimes.queries import model_types, runtimes_in
from runtimes.rules.selectors import matches


class Compositions(ApiView):
    """Every runtime that the caller may see, with what can be deployed on it."""

    tag, operations = "Compositions", {"GET": "listArtifactCompositions"}

    @extend_schema(responses=holding("ArtifactCompositions", artifactCompositions=ArtifactCompositionShape(many=True)))
    def get(self, request: Request) -> Response:
        """All compositions at once."""
        rows = _ordered(Runtime.objects.filter(workspace__in=workspaces_of(self.actor)))
        told = [composition_data(each) for each in rows]
        return self.answer({"artifactCompositions": ArtifactCompositionShape(told, many=True).data})


class ExperimentCompositions(ApiView):
    """The runtimes whose model type and selector take an experiment, whatever their state."""

    tag, operations = "Compositions", {"GET": "listExperimentArtifactCompositions"}

    @extend_schema(
        responses=holding(
            "ExperimentArtifactCompositions", experimentArtifactCompositions=ArtifactCompositionShape(many=True)
        )
    )
    def get(self, request: Request, workspace: str, experiment: str) -> Response:
        """What an experiment can be deployed on."""
        scope = self.enter(workspace)
        scope.one()
        row = queries.find_experiment(self.actor, workspace, experiment)
        rows = runtimes_in(scope)
        if row.model_type_id:
            rows = rows.filter(model_type=row.model_type_id)
        metadata = {key: str(value) for key, value in row.metadata.items()}
        told = [composition_data(each) for each in _ordered(rows) if matches(each.selector, metadata).ok]
        return self.answer({"experimentArtifactCompositions": ArtifactCompositionShape(told, many=True).data})


class ModelTypes(ApiView):
    """The sorts of models."""

    tag, operations = "Compositions", {"GET": "listModelTypes"}

    @extend_schema(responses=holding("ModelTypes", modelTypes=ModelTypeShape(many=True)))
    def get(self, request: Request) -> Response:
        """All model types."""
        told = [model_type_data(each) for each in model_types()]
        return self.answer({"modelTypes": ModelTypeShape(told, many=True).data})


class ArtifactTypes(ApiView):
    """The sorts of files that can be deployed: one for each model type."""

    tag, operations = "Compositions", {"GET": "listDeployableArtifactTypes"}

    @extend_schema(responses=holding("DeployableArtifactTypes", deployableArtifactTypes=ArtifactTypeShape(many=True)))
    def get(self, request: Request) -> Response:
        """All deployable artifact types."""
        told = [artifact_type_data(each) for each in model_types()]
        return self.answer({"deployableArtifactTypes": ArtifactTypeShape(told, many=True).data})


class Processors(ApiView):
    """What makes files ready for scorers: one for each model type."""

    tag, operations = "Compositions", {"GET": "listArtifactProcessors"}

    @extend_schema(responses=holding("ArtifactProcessors", artifactProcessors=ProcessorShape(many=True)))
    def get(self, request: Request) -> Response:
        """All artifact processors."""
        told = [processor_data(each) for each in model_types()]
        return self.answer({"artifactProcessors": ProcessorShape(told, many=True).data})


def _ordered(rows: QuerySet[Runtime]) -> QuerySet[Runtime]:
    rows = rows.select_related("workspace", "image__workspace", "pinned_version__image__workspace", "model_type")
    return rows.order_by("display_name", "uid", "pk")
