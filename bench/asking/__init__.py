"""Asking a running console, and what else runs beside it, for its pages, and timing the answers."""
