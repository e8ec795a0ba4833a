"""What tables of runtimes and images show of a row, read as plain values: model objects cost more than SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Model, OuterRef, Subquery

from mlops_console.keyset import Order
from mlops_console.models import Workspace
from mlops_console.sources import Source
from mlops_console.statements import Among, Statement
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.models.layered import reason_of


class RuntimeRow(NamedTuple):
    """A runtime with what is shown of its workspace, image and pinned version."""

    pk: int
    uid: str
    display_name: str
    workspace_id: int
    workspace: str
    workspace_name: str
    model_type: str
    image_workspace: str
    image: str
    image_name: str
    pinned_version: str | None
    state: str
    managed_by_bootstrap: bool
    updated_at: datetime

    @property
    def name(self) -> str:
        """The resource name."""
        return f"workspaces/{self.workspace}/runtimes/{self.uid}"


class ImageRow(NamedTuple):
    """An image with what its versions amount to."""

    pk: int
    uid: str
    display_name: str
    workspace: str
    workspace_name: str
    current_version: str
    current_state: str
    current_reference: str
    version_count: int
    state: str
    managed_by_bootstrap: bool
    updated_at: datetime


class ExportRow(NamedTuple):
    """A runtime as it is exported."""

    display_name: str
    uid: str
    workspace: str
    model_type: str
    image_workspace: str
    image: str
    pinned_version: str | None
    state: str
    managed_by_bootstrap: bool
    description: str
    created_at: datetime
    updated_at: datetime
    api_state: str
    api_reason: str
    platform_state: str | None
    platform_reason: str

    @property
    def image_resource(self) -> str:
        """The resource name of its image."""
        return f"workspaces/{self.image_workspace}/runtimeImages/{self.image}"

    @property
    def state_reason(self) -> str:
        """Why it is in its state."""
        return reason_of(self.api_state, self.api_reason, self.platform_state, self.platform_reason)


def looked_up(model: type[Model], key: str, column: str) -> Subquery:
    """A column of what a row refers to, in place of a join."""
    return Subquery(model._default_manager.order_by().filter(pk=OuterRef(key)).values(column))


_PATHS: dict[str, Any] = {
    "workspace": "workspace__uid",
    "workspace_name": "workspace__display_name",
    "model_type": "model_type_id",
    "image_workspace": "image__workspace__uid",
    "image": "image__uid",
    "image_name": "image__display_name",
    "pinned_version": "pinned_version__version",
}
# For one page: planning four joins takes PostgreSQL longer than looking fifty rows up.
_LOOKED_UP = {
    "workspace": looked_up(Workspace, "workspace", "uid"),
    "workspace_name": looked_up(Workspace, "workspace", "display_name"),
    "image_workspace": looked_up(Workspace, "image__workspace", "uid"),
    "pinned_version": looked_up(Version, "pinned_version", "version"),
}
_SHOWN = [(_PATHS | _LOOKED_UP).get(field, field) for field in RuntimeRow._fields]
_IMAGE = [_LOOKED_UP.get(field, field) for field in ImageRow._fields]
_EXPORTED = [_PATHS.get(field, field) for field in ExportRow._fields]
_RUNTIMES = Statement(lambda pks: Runtime.objects.order_by().filter(Among(F("pk"), pks)).values_list(*_SHOWN))
_WITH_VERSIONS = RuntimeImage.objects.with_current().with_version_count().order_by()
_IMAGES = Statement(lambda pks: _WITH_VERSIONS.filter(Among(F("pk"), pks)).values_list(*_IMAGE))


def runtime_rows(pks: Sequence[Any]) -> Iterator[RuntimeRow]:
    """The rows of some primary keys, in no order; whoever asks has found the keys in a scope."""
    return map(RuntimeRow._make, _RUNTIMES.rows(pks=list(pks)))


def image_rows(pks: Sequence[Any]) -> Iterator[ImageRow]:
    """The images of some primary keys, in no order; whoever asks has found the keys in a scope."""
    return map(ImageRow._make, _IMAGES.rows(pks=list(pks)))


def exported(source: Source[Runtime], order: Order) -> Iterator[ExportRow]:
    """All rows in order, as they were when the first was read.

    The parts of the source are merged as they come out of an index. Outside of a transaction PostgreSQL would write
    down the whole answer before it hands out the first row.
    """
    keys = {
        f"key_{number}": F(column) if isinstance(column, str) else column
        for number, (column, _) in enumerate(order.keys)
    }
    ordered = source.queryset.annotate(**keys).order_by(*order.ordering())
    first, *more = (ordered.filter(part).values_list(*_EXPORTED, *keys) for part in source.parts)
    if more:
        ways = ("-" if down else "" for _, down in order.keys)
        first = first.union(*more, all=True).order_by(*(way + key for way, key in zip(ways, keys, strict=True)))
    with transaction.atomic():
        for values in first.iterator(chunk_size=2000):
            yield ExportRow._make(values[: len(_EXPORTED)])
