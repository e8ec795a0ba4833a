"""Addresses of the floor's API, under /api/."""

from django.urls import path

from mlops_console.api.views import docs, people, root, workspaces

app_name = "api"
urlpatterns = [
    path("", root.Root.as_view(), name="root"),
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("me", people.Me.as_view(), name="me"),
    path("authz/v1/users", people.UserCollection.as_view(), name="user-list"),
    path("authz/v1/users/<uid:user>", people.UserResource.as_view(), name="user-detail"),
    path("authz/v1/workspaces", workspaces.WorkspaceCollection.as_view(), name="workspace-list"),
    path("authz/v1/workspaces:count", workspaces.WorkspaceCount.as_view(), name="workspace-count"),
    path("authz/v1/workspaces/<uid:workspace>", workspaces.WorkspaceResource.as_view(), name="workspace-detail"),
]
