"""Pages of the floor: people, workspaces, members, tokens, audit."""

from django.urls import path

from mlops_console.web.views import audit, members, people, tokens, workspaces

app_name = "console"
urlpatterns = [
    path("workspaces/", workspaces.workspace_list, name="workspace-list"),
    path("workspaces/new/", workspaces.workspace_create, name="workspace-create"),
    path("workspaces/switch/", workspaces.workspace_switch, name="workspace-switch"),
    path("workspaces/<str:workspace>/", workspaces.workspace_detail, name="workspace-detail"),
    path("workspaces/<str:workspace>/edit/", workspaces.workspace_update, name="workspace-update"),
    path("workspaces/<str:workspace>/delete/", workspaces.workspace_delete, name="workspace-delete"),
    path("workspaces/<str:workspace>/members/", members.member_list, name="member-list"),
    path(
        "workspaces/<str:workspace>/members/<str:username>/remove/",
        members.member_remove,
        name="member-remove",
    ),
    path("workspaces/<str:workspace>/tokens/", tokens.workspace_token_list, name="workspace-token-list"),
    path(
        "workspaces/<str:workspace>/tokens/<int:token>/revoke/",
        tokens.workspace_token_revoke,
        name="workspace-token-revoke",
    ),
    path("workspaces/<str:workspace>/audit/", audit.audit_list, name="audit-list"),
    path("workspaces/<str:workspace>/audit/<int:entry>/", audit.audit_detail, name="audit-detail"),
    path("workspaces/<str:workspace>/audit/export.csv", audit.audit_export, name="audit-export"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/<int:token>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("people/", people.person_list, name="person-list"),
    path("people/new/", people.person_create, name="person-create"),
    path("people/<str:username>/", people.person_update, name="person-update"),
]
