"""Lists are read as plain values: whatever the row, they say to the byte what the serializer says of its object."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from rest_framework.renderers import JSONRenderer

from bench.load import Sizes, fill
from mlops_console.access import Role
from mlops_console.actor import Actor, person
from mlops_console.models import User, Workspace
from runtimes.api.reading import to_wire, wire_rows
from runtimes.api.shapes import RuntimeShape
from runtimes.models import Runtime
from runtimes.models.layered import STATES
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
SECRETS = {"API_KEY": "k", "db_password": "p", "OMP_NUM_THREADS": "4", "GREETING": 'Grüße, "x"\u2028<b>\\'}
VOLUME = {"id": "tmp", "type": "EMPTY_DIR", "readOnly": False, "mountPaths": ["/tmp"], "properties": {}}
CONTEXT = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
    "privileged": False,
    "runAsUser": 1000,
    "runAsGroup": 0,
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"},
}
ODD: list[dict[str, Any]] = [
    {"environment_variables": {}},
    {"display_name": 'Grüße, "x"\u2028<b>\\', "description": "Line\nline\ttab", "scoring_endpoint": "/model/score"},
    {"selector": {"stage?absent=match": "production", "a": ""}},
    {"data_volume_read_only": True},
    {"data_volume_read_only": False},
    {"volumes": [VOLUME, VOLUME | {"id": "b", "readOnly": True, "properties": {"size": "1Gi", "medium": "Memory"}}]},
    {"volumes": [{"id": "least", "type": "EPHEMERAL", "mountPaths": ["/a", "/b"], "readOnly": None, "unknown": 1}]},
    {"security_context": CONTEXT},
    {"security_context": {"runAsUser": 0, "privileged": None, "seccompProfile": {"type": "Unconfined"}}},
    {"security_context": {"runAsGroup": 2**31 - 1, "capabilities": {"drop": ["ALL"], "add": None, "unknown": 1}}},
    {"security_context": {"capabilities": None, "seccompProfile": {}}},
    {"security_context": {"unknown": 1}},
    {"created_at": datetime(2026, 1, 2, tzinfo=UTC), "updated_at": datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=UTC)},
    *(
        {
            "api_state": api,
            "api_reason": reason,
            "api_state_at": at and datetime(2026, 3, 1, 12, tzinfo=UTC),
            "platform_state": platform,
            "platform_reason": why,
            "platform_state_at": platform and at and datetime(2026, 3, 2, 12, 30, 1, 7, tzinfo=UTC),
        }
        for (api, _), platform, reason, why, at in product(
            STATES, (None, *(state for state, _ in STATES)), ("", "CVE-1"), ("", "By the file"), (True, None)
        )
        if platform or not why
    ),
]


def compare(actor: Actor) -> list[Runtime]:
    """All rows, after a look at what both roads make of each."""
    rows = list(Runtime.objects.select_related("workspace", "image__workspace", "pinned_version").order_by("pk"))
    read = sorted(wire_rows([row.pk for row in rows]))
    assert rows
    assert [row.pk for row in read] == [row.pk for row in rows]
    for row, fast in zip(rows, to_wire(read, actor), strict=True):
        assert JSONRenderer().render(fast) == JSONRenderer().render(RuntimeShape(row, context={"actor": actor}).data)
    return rows


@pytest.mark.parametrize("role", ["admin", "owner", "operator", "viewer"])
def test_odd_rows_are_read_as_the_serializer_has_them(cast: Cast, role: str) -> None:
    own, shared = (
        make_image(cast.workspace, "own", versions="v1.0.0"),
        make_image(cast.everyone, versions="v2.0.0-rc.1"),
    )
    for number, odd in enumerate(ODD):
        fields = {"environment_variables": SECRETS} | {name: value for name, value in odd.items() if value is not None}
        image = own if number % 2 else shared
        pinned = image.versions.get() if number % 3 == 0 else None
        place = cast.everyone if number % 4 == 0 else cast.workspace
        make_runtime(image, f"r-{number}", workspace=place, pinned_version=pinned, **fields)
    assert {row.managed_by_bootstrap for row in compare(cast.actor(role))} == {True, False}


def test_the_rows_of_a_whole_fleet_are_read_as_the_serializer_has_them(db: None) -> None:
    fill(Sizes(runtimes=400, deployments=20, compositions=44, large=5, audit=1), 3)
    roles = {Workspace.objects.get(uid="retail-risk").pk: Role.OPERATOR}
    for user in (User(username="a", is_platform_admin=True), User(username="b")):
        rows = compare(person(user, roles=roles))
    for kind in ("pinned_version", "volumes", "security_context", "environment_variables", "state_reason"):
        assert {bool(getattr(row, kind)) for row in rows} == {True, False}
