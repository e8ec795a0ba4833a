"""Changes to people, workspaces, memberships and tokens: one function a verb, one transaction each."""
