"""Addresses of the runtime service, under /api/runtime/v1."""

from django.urls import path

from runtimes.api.views import images, runtimes, versions
from runtimes.rules.lifecycle import StateVerb

app_name = "runtimes-api"
_RUNTIMES = "workspaces/<uid:workspace>/runtimes"
_IMAGES = "workspaces/<uid:workspace>/runtimeImages"
_VERSIONS = _IMAGES + "/<uid:image>/versions"
_DEPRECATE, _DISABLE = StateVerb.DEPRECATE, StateVerb.DISABLE
_ENABLE, _ACTIVATE = StateVerb.ENABLE, StateVerb.ACTIVATE
urlpatterns = [
    path(_RUNTIMES, runtimes.RuntimeCollection.as_view(), name="runtime-list"),
    path(_RUNTIMES + ":count", runtimes.RuntimeCount.as_view(), name="runtime-count"),
    path(_RUNTIMES + "/<uid:runtime>", runtimes.RuntimeResource.as_view(), name="runtime-detail"),
    path(
        _RUNTIMES + "/<uid:runtime>:deprecate", runtimes.RuntimeState.as_view(verb=_DEPRECATE), name="runtime-deprecate"
    ),
    path(_RUNTIMES + "/<uid:runtime>:disable", runtimes.RuntimeState.as_view(verb=_DISABLE), name="runtime-disable"),
    path(_RUNTIMES + "/<uid:runtime>:enable", runtimes.RuntimeState.as_view(verb=_ENABLE), name="runtime-enable"),
    path(_IMAGES, images.ImageCollection.as_view(), name="image-list"),
    path(_IMAGES + ":count", images.ImageCount.as_view(), name="image-count"),
    path(_IMAGES + "/<uid:image>", images.ImageResource.as_view(), name="image-detail"),
    path(_IMAGES + "/<uid:image>:deprecate", images.ImageState.as_view(verb=_DEPRECATE), name="image-deprecate"),
    path(_IMAGES + "/<uid:image>:disable", images.ImageState.as_view(verb=_DISABLE), name="image-disable"),
    path(_IMAGES + "/<uid:image>:enable", images.ImageState.as_view(verb=_ENABLE), name="image-enable"),
    path(_VERSIONS, versions.VersionCollection.as_view(), name="version-list"),
    path(_VERSIONS + ":count", versions.VersionCount.as_view(), name="version-count"),
    path(_VERSIONS + "/<uid:version>", versions.VersionResource.as_view(), name="version-detail"),
    path(_VERSIONS + "/<uid:version>:activate", versions.VersionState.as_view(verb=_ACTIVATE), name="version-activate"),
    path(
        _VERSIONS + "/<uid:version>:deprecate", versions.VersionState.as_view(verb=_DEPRECATE), name="version-deprecate"
    ),
    path(_VERSIONS + "/<uid:version>:disable", versions.VersionState.as_view(verb=_DISABLE), name="version-disable"),
]
