"""The REST API of the deployer and of the storage service."""
