"""The files that pods ask for: with the token of just that file, and to everybody else as if there were none."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from deployments import storage
from deployments.downloads import PATH, download_of, token_of
from deployments.models import Artifact
from mlops_console.models import AuditEntry
from tests.cast import Cast

pytestmark = pytest.mark.django_db
CONTENT = b"a model" * 1000
NEW_KEY, OLD_KEY = "n" * 60, "o" * 60


@pytest.fixture
def artifact(cast: Cast, settings: Settings, tmp_path: Path) -> str:
    """The id of one whose file has arrived, of a console that a cluster reaches."""
    settings.DATA_DIR, settings.KUBERNETES_CONSOLE_URL = tmp_path, "http://console.mlops.svc"
    row = Artifact.objects.create(workspace=cast.workspace, uploaded_at=timezone.now())
    storage.store(row.uid, [CONTENT])
    return row.uid


def ask(url: str, token: str | None, client: Client | None = None) -> tuple[int, bytes]:
    """Status and body for a bearer token, or without one."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = (client or Client()).get(url, headers=headers)
    return answer.status_code, answer.getvalue()


def test_a_file_is_had_for_its_token(artifact: str) -> None:
    download = download_of(artifact)
    assert download
    assert download.url == f"http://console.mlops.svc{PATH}{artifact}"
    assert PATH + artifact == reverse("storage-api:engine-artifact", args=[artifact])
    answer = Client().get(PATH + artifact, headers={"Authorization": f"Bearer {download.token}"})
    assert (answer.status_code, answer.getvalue()) == (200, CONTENT)
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Content-Disposition"].startswith("attachment")
    assert not answer.cookies
    assert download_of(artifact) == download


def test_nobody_else_learns_whether_there_is_one(cast: Cast, artifact: str) -> None:
    announced = Artifact.objects.create(workspace=cast.workspace).uid
    missing = ask(f"{PATH}nothing", token_of("nothing"))
    assert missing[0] == 404
    for status, body in (
        ask(PATH + artifact, None),
        ask(PATH + artifact, ""),
        ask(PATH + artifact, token_of(announced)),
        ask(PATH + artifact, token_of(artifact)[:-1]),
        ask(PATH + artifact, artifact),
        ask(PATH + artifact, None, cast.client("admin")),
        ask(PATH + announced, token_of(announced)),
    ):
        assert (status, body.replace(artifact.encode(), b"nothing").replace(announced.encode(), b"nothing")) == missing
    assert cast.api("admin").get(PATH + artifact).status == 404


def test_a_file_that_is_gone_is_missing(artifact: str) -> None:
    storage.remove(artifact)
    assert ask(PATH + artifact, token_of(artifact))[0] == 404


def test_a_token_outlives_its_key_while_that_still_counts(artifact: str, settings: Settings) -> None:
    settings.SECRET_KEY = OLD_KEY
    token = token_of(artifact)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW_KEY, [OLD_KEY]
    assert ask(PATH + artifact, token) == (200, CONTENT)
    assert token_of(artifact) != token
    settings.SECRET_KEY_FALLBACKS = []
    assert ask(PATH + artifact, token)[0] == 404


def test_inside_the_cluster_it_is_had_without_tls(artifact: str, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert ask(PATH + artifact, token_of(artifact)) == (200, CONTENT)
    assert Client().get("/api/storage/blobs/x").status_code == 301


def test_scorers_on_this_machine_read_the_file_itself(artifact: str, settings: Settings) -> None:
    settings.KUBERNETES_CONSOLE_URL = ""
    assert download_of(artifact) is None


def test_what_is_fetched_leaves_no_trace(artifact: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        ask(PATH + artifact, token_of(artifact))
        ask(PATH + artifact, f"{token_of(artifact)}x")
    assert token_of(artifact) not in caplog.text
    assert not AuditEntry.objects.exists()
