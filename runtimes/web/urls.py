"""Pages of images, versions, runtimes, model types and the values file."""

from django.urls import path, register_converter

from runtimes.web.converters import StateVerbConverter
from runtimes.web.views import bootstrap, images, model_types, overview, runtimes, versions

register_converter(StateVerbConverter, "verb")

app_name = "runtimes"
_RUNTIMES = "workspaces/<str:workspace>/runtimes/"
_IMAGES = "workspaces/<str:workspace>/runtime-images/"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path(_RUNTIMES, runtimes.runtime_list, name="runtime-list"),
    path(_RUNTIMES + "export.csv", runtimes.runtime_export, name="runtime-export"),
    path(_RUNTIMES + "count.html", runtimes.runtime_count, name="runtime-count"),
    path(_RUNTIMES + "columns/", runtimes.runtime_columns, name="runtime-columns"),
    path(_RUNTIMES + "bulk/", runtimes.runtime_bulk, name="runtime-bulk"),
    path(_RUNTIMES + "new/", runtimes.runtime_create, name="runtime-create"),
    path(_RUNTIMES + "<str:uid>/", runtimes.runtime_detail, name="runtime-detail"),
    path(_RUNTIMES + "<str:uid>/edit/", runtimes.runtime_update, name="runtime-update"),
    path(_RUNTIMES + "<str:uid>/delete/", runtimes.runtime_delete, name="runtime-delete"),
    path(_RUNTIMES + "<str:uid>/<verb:verb>/", runtimes.runtime_state, name="runtime-state"),
    path(_IMAGES, images.image_list, name="image-list"),
    path(_IMAGES + "new/", images.image_create, name="image-create"),
    path(_IMAGES + "reference/", versions.reference_check, name="reference-check"),
    path(_IMAGES + "<str:uid>/", images.image_detail, name="image-detail"),
    path(_IMAGES + "<str:uid>/edit/", images.image_update, name="image-update"),
    path(_IMAGES + "<str:uid>/delete/", images.image_delete, name="image-delete"),
    path(_IMAGES + "<str:uid>/versions/new/", versions.version_create, name="version-create"),
    path(_IMAGES + "<str:uid>/versions/<str:version>/delete/", versions.version_delete, name="version-delete"),
    path(
        _IMAGES + "<str:uid>/versions/<str:version>/<verb:verb>/",
        versions.version_state,
        name="version-state",
    ),
    path(_IMAGES + "<str:uid>/<verb:verb>/", images.image_state, name="image-state"),
    path("model-types/", model_types.model_type_list, name="model-type-list"),
    path("model-types/<path:name>/delete/", model_types.model_type_delete, name="model-type-delete"),
    path("bootstrap/", bootstrap.bootstrap_detail, name="bootstrap-detail"),
]
