"""The addresses of the floor: those of the console below `floor/`, with `after` in place of page tokens."""

from django.urls import path

from bench.beside.floor import api, audit, deployments, images, runtimes
from mlops_console.urls import urlpatterns as console

_API = "floor/api/runtime/v1/workspaces/<str:workspace>/runtimes"
urlpatterns = [
    *console,
    path("floor/workspaces/<str:workspace>/runtimes/", runtimes.runtime_list),
    path("floor/workspaces/<str:workspace>/runtimes/count.html", runtimes.runtime_count),
    path("floor/workspaces/<str:workspace>/runtime-images/", images.image_list),
    path("floor/workspaces/<str:workspace>/deployments/", deployments.deployment_list),
    path("floor/workspaces/<str:workspace>/audit/", audit.audit_list),
    path(_API, api.runtime_list),
    path(_API + ":count", api.runtime_count),
    path(_API + ":create", api.runtime_create),
    path(_API + "/<str:uid>:patch", api.runtime_patch),
    path(_API + "/<str:uid>:state", api.runtime_state),
    path(_API + "/<str:uid>", api.runtime_get),
]
