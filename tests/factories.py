"""Rows for tests, made quickly and without the actions that would be under test themselves."""

from __future__ import annotations

from typing import Any

from mlops_console.models import Workspace
from runtimes.models import ModelType, Runtime, RuntimeImage, Version
from runtimes.rules.versions import precedence


def make_model_type(name: str = "h2o3_mojo") -> ModelType:
    """A model type; the usual ones come with the migrations but are gone after a transactional test's flush."""
    return ModelType.objects.get_or_create(name=name, defaults={"display_name": name})[0]


def make_image(workspace: Workspace, uid: str = "h2o3-mojo", *, versions: str = "", **fields: Any) -> RuntimeImage:
    """An image, with `versions` named by words such as `v1.5.4 v1.6.0`."""
    image = RuntimeImage.objects.create(
        workspace=workspace, uid=uid, **{"display_name": uid.replace("-", " ").capitalize()} | fields
    )
    for version in versions.split():
        make_version(image, version)
    return image


def make_version(image: RuntimeImage, version: str = "v1.5.4", **fields: Any) -> Version:
    """A version of an image, its reference made up from the names of both."""
    reference = f"h2oai/{image.uid}:{version.removeprefix('v')}"
    return Version.objects.create(
        image=image, version=version, precedence=precedence(version), **{"reference": reference} | fields
    )


def make_runtime(image: RuntimeImage, uid: str = "mojo", *, model_type: str = "h2o3_mojo", **fields: Any) -> Runtime:
    """A runtime on an image, in the workspace of the image unless another is given."""
    return Runtime.objects.create(
        image=image,
        uid=uid,
        model_type=make_model_type(model_type),
        **{"workspace": image.workspace, "display_name": uid.replace("-", " ").capitalize()} | fields,
    )
