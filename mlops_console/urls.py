"""Every address of the console: each app's pages and API are mounted here by hand."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from mlops_console.web.views.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("", include("mlops_console.web.urls")),
    path("", include("runtimes.web.urls")),
]
