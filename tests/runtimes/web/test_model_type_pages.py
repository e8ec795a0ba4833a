"""Platform admins extend the table of model types."""

from __future__ import annotations

import pytest

from mlops_console.models import AuditEntry
from runtimes.models import ModelType
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime

pytestmark = pytest.mark.django_db
LIST = "/model-types/"


def test_a_model_type_is_added_and_offered(cast: Cast) -> None:
    admin = cast.client("admin")
    assert admin.post(LIST, {"name": "onnx", "display_name": "ONNX"}).status_code == 302
    assert "onnx" in str(admin.get("/workspaces/lab/runtimes/new/").context["form"]["model_type"])
    assert [each.subject for each in admin.get(LIST).context["history"]] == ["modelTypes/onnx"]


@pytest.mark.parametrize(
    ("name", "status"), [("", 422), ("a b", 422), ("x" * 101, 422), ("-x", 422), ("a\x00", 422), ("known", 409)]
)
def test_what_cannot_be_added_is_told(cast: Cast, name: str, status: int) -> None:
    make_model_type("known")
    before = ModelType.objects.count()
    assert cast.client("admin").post(LIST, {"name": name}).status_code == status
    assert ModelType.objects.count() == before


def test_only_what_no_runtime_is_of_is_deleted(cast: Cast) -> None:
    admin = cast.client("admin")
    make_runtime(make_image(cast.workspace), model_type="python/used")
    make_model_type("python/unused")
    assert admin.post(f"{LIST}python/used/delete/").status_code == 409
    assert admin.post(f"{LIST}python/unused/delete/").status_code == 302
    assert not ModelType.objects.filter(name="python/unused").exists()
    assert AuditEntry.objects.get().verb == "delete"
    assert admin.post(f"{LIST}gone/delete/").status_code == 404
