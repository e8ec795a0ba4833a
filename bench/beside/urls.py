"""Every address of the console, unchanged, then the floor and the admin."""

from django.urls import path

from bench.beside.admin import site
from bench.beside.floor.urls import urlpatterns as floor

urlpatterns = [*floor, path("admin/", site.urls)]
handler400 = "mlops_console.handlers.bad_request"
handler500 = "mlops_console.handlers.server_error"
