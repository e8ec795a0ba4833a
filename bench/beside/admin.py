"""Django's changelist over the table of runtimes, with the console's columns, filters and search; else as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from runtimes.models import Runtime

if TYPE_CHECKING:
    _RuntimeAdmin = admin.ModelAdmin[Runtime]
else:
    _RuntimeAdmin = admin.ModelAdmin


class Site(admin.AdminSite):
    """An admin for platform admins; the console's users have neither staff nor permissions."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may look around."""
        return bool(getattr(request.user, "is_platform_admin", False))


def _allow(self: object, request: HttpRequest, obj: Runtime | None = None) -> bool:
    return True


class RuntimeAdmin(_RuntimeAdmin):
    """The table of runtimes."""

    list_display = (
        "display_name",
        "uid",
        "model_type",
        "image",
        "pinned_version",
        "state",
        "managed_by_bootstrap",
        "updated_at",
    )
    list_filter = ("workspace", "model_type", "state", "managed_by_bootstrap")
    list_select_related = ("workspace", "model_type", "image", "pinned_version")
    list_per_page = 50
    search_fields = ("uid", "display_name", "description")
    ordering = ("display_name", "pk")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app is shown."""
        return True

    has_view_permission = has_add_permission = has_change_permission = has_delete_permission = _allow


site = Site(name="bench")
site.register(Runtime, RuntimeAdmin)
