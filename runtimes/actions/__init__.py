"""Changes to images, versions, runtimes and model types: one function a verb, one transaction each."""
