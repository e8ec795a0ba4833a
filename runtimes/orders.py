"""What tables of runtimes and images are sorted by, and how sorted pages are found where no index holds the order."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from mlops_console.keyset import Column
from mlops_console.walks import Alike, Grouped, Walk

# Each goes on as an index does: those of the filters by name, those of what runtimes refer to by workspace before that.
RUNTIME_ORDERS: Final[dict[str, tuple[Column, ...]]] = {
    "name": ("display_name",),
    "id": ("uid",),
    "model_type": ("model_type_id", "display_name"),
    "image": ("image__display_name", "image_id", "workspace_id", "display_name"),
    "version": (
        Coalesce("pinned_version__precedence", Value("")),
        Coalesce("pinned_version_id", Value(0)),
        "workspace_id",
        "display_name",
    ),
    "state": ("state", "display_name"),
    "managed_by": ("managed_by_bootstrap", "display_name"),
    "workspace": ("workspace__display_name", "workspace_id", "display_name"),
    "updated": ("updated_at",),
}
RUNTIME_WALKS: Final[dict[tuple[Column, ...], Walk]] = {
    RUNTIME_ORDERS["image"]: (Grouped("image", ("display_name",)),),
    RUNTIME_ORDERS["version"]: (
        Alike(Q(pinned_version=None), ("", 0)),
        Grouped("pinned_version", ("precedence",)),
    ),
    RUNTIME_ORDERS["managed_by"]: (
        Alike(Q(managed_by_bootstrap=False), (False,), apart=True),
        Alike(Q(managed_by_bootstrap=True), (True,)),
    ),
    RUNTIME_ORDERS["workspace"]: (Grouped("workspace", ("display_name",)),),
}
IMAGE_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "current_version": ("current_precedence",),
    "reference": ("current_reference",),
    "versions": ("version_count",),
    "state": ("state",),
    "managed_by": ("managed_by_bootstrap",),
    "workspace": ("workspace__display_name",),
    "updated": ("updated_at",),
}
