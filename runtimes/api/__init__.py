"""The REST API of the runtime service."""
