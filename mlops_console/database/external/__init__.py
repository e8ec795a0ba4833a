"""The database backend for a server that somebody else runs."""
