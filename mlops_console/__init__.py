"""The floor of the console (people, workspaces, audit) and its roof (settings, urls, starting)."""

__version__ = "0.1.0"
