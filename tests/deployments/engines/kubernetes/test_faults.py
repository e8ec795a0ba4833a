"""Errors of the client as sentences for people."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.models.meta_v1 import Status
from msgspec import convert

from deployments.engines.contract import Conflict, EngineFault
from deployments.engines.kubernetes.faults import LONGEST, fault_of, is_stale

REQUEST = httpx2.Request("GET", "https://cluster.example.org/api", headers={"Authorization": "Bearer t0psecret"})


def refused(code: int, message: str, **more: Any) -> ApiError:
    """What the API server answers."""
    return ApiError(
        request=REQUEST, status=convert({"code": code, "message": message} | more, Status)
    )  # fmt: skip


def taken(*causes: tuple[str, str]) -> ApiError:
    """What it answers where others own fields."""
    found = [{"reason": "FieldManagerConflict", "message": message, "field": field} for message, field in causes]
    return refused(409, "Apply failed", details={"causes": found})


STALE = refused(409, "the object has been modified; please apply your changes to the latest version and try again")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refused(401, "Unauthorized"), "Cannot {}: the cluster does not accept the console's credentials."),
        (
            refused(403, 'deployments.apps is forbidden: User "c" cannot patch resource "deployments"'),
            'The console may not {}. deployments.apps is forbidden: User "c" cannot patch resource "deployments"',
        ),
        (
            refused(403, 'pods "p" is forbidden: exceeded quota: few'),
            'Cannot {}: a quota is used up. pods "p" is forbidden: exceeded quota: few',
        ),
        (
            refused(403, "unable to create new content in namespace n because it is being terminated"),
            "Cannot {}: unable to create new content in namespace n because it is being terminated",
        ),
        (
            refused(404, "the server could not find the requested resource"),
            "Cannot {}: the cluster does not know this kind; is the Gateway API installed?",
        ),
        (refused(422, "it is invalid"), "Cannot {}: it is invalid"),
        (refused(503, "shutting\ndown"), "Cannot {}: the cluster is not able to now. shutting down"),
        (STALE, f"Cannot {{}}: {STALE}"),
        (
            httpx2.HTTPStatusError("bad", request=REQUEST, response=httpx2.Response(502)),
            "Cannot {}: the cluster answered 502.",
        ),
        (httpx2.ReadTimeout("late", request=REQUEST), "Cannot {}: the cluster did not answer in time."),
        (
            httpx2.ConnectError("[Errno 111] Connection refused", request=REQUEST),
            "Cannot {}: the cluster cannot be reached ([Errno 111] Connection refused).",
        ),
        (ConfigError("no token"), "How to reach the cluster is not known: no token."),
        (ValueError(), "Cannot {}: ValueError."),
    ],
)
def test_sentences(error: Exception, sentence: str) -> None:
    """Each names what could not be done; none is told who asked with which token."""
    fault = fault_of(error, "write", "HTTPRoute d-1", "models")
    assert type(fault) is EngineFault
    assert str(fault) == sentence.format("write HTTPRoute d-1 in models")
    assert "t0psecret" not in str(fault)


def test_what_others_own_is_a_conflict() -> None:
    """With the fields and the managers, whatever else the causes say."""
    error = taken(
        ('conflict with "kubectl-edit" using apps/v1', ".spec.replicas"),
        ("conflict", '.spec.template.spec.containers[name="scorer"].image'),
    )
    fault = fault_of(error, "write", "Deployment d-1-a", "models")
    assert isinstance(fault, Conflict)
    assert str(fault) == (
        "Deployment d-1-a in models was changed by somebody else: .spec.replicas by kubectl-edit,"
        ' .spec.template.spec.containers[name="scorer"].image by an unnamed manager.'
        " It was not written; adopt what was changed, or apply again."
    )


def test_stale_is_no_conflict() -> None:
    """The one is read again, the other needs a person."""
    assert is_stale(STALE)
    assert not is_stale(taken(('conflict with "x"', ".spec.replicas")))
    assert not is_stale(refused(422, "it is invalid"))


def test_long_answers_are_cut() -> None:
    """A validation may name hundreds of fields."""
    found = str(fault_of(refused(422, "x" * 10_000), "write", "Deployment d-1"))
    assert re.fullmatch(rf"Cannot write Deployment d-1: x{{{LONGEST}}}…", found)


def test_without_words_for_what_was_done() -> None:
    """Where nobody says."""
    assert str(fault_of(httpx2.ReadTimeout("late"))) == "Cannot use the cluster: the cluster did not answer in time."
