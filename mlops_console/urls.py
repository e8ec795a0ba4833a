"""Every address of the console: each app's pages and API are mounted here by hand."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path, register_converter

from mlops_console.api.converters import UidConverter
from mlops_console.api.views import discovery
from mlops_console.api.views.root import Nowhere
from mlops_console.web.views.health import healthz, readyz
from mlops_console.web.views.metrics import metrics

register_converter(UidConverter, "uid")

_DISCOVERY = ".ai.h2o.cloud.discovery/v1/"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("version", discovery.version, name="version"),
    path(_DISCOVERY + "environment", discovery.environment, name="discovery-environment"),
    path(_DISCOVERY + "services", discovery.services, name="discovery-services"),
    path(_DISCOVERY + "clients", discovery.nothing, {"kind": "clients"}, name="discovery-clients"),
    path(_DISCOVERY + "links", discovery.nothing, {"kind": "links"}, name="discovery-links"),
    path(_DISCOVERY + "components", discovery.nothing, {"kind": "components"}, name="discovery-components"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("api/", include("mlops_console.api.urls")),
    path("api/runtime/v1/", include("runtimes.api.urls")),
    path("api/deployer/v2/", include("deployments.api.urls")),
    path("api/storage/", include("deployments.api.storage.urls")),
    path("api/<path:rest>", Nowhere.as_view(), name="api-nowhere"),
    path("", include("mlops_console.web.urls")),
    path("", include("runtimes.web.urls")),
    path("", include("deployments.web.urls")),
]
handler400 = "mlops_console.handlers.bad_request"
handler500 = "mlops_console.handlers.server_error"
