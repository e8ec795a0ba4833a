"""The database backend that starts its own server."""
