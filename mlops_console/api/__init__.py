"""The REST API: what its views share."""
