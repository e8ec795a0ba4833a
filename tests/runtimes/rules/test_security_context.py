"""Security contexts: every fault at its path, and the form in which they are stored."""

from __future__ import annotations

from typing import Any

import pytest

from runtimes.rules.security_context import CAPABILITIES_MAX, ID_MAX, faults, normalised

FULL: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "runAsUser": 1000,
    "runAsGroup": 3000,
    "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
    "seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/scorer.json"},
}


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({}, id="empty"),
        pytest.param(FULL, id="full"),
        pytest.param(dict.fromkeys(FULL), id="null stands for absent"),
        pytest.param({"runAsUser": 0, "runAsGroup": ID_MAX}, id="least and greatest id"),
        pytest.param({"runAsUser": "0", "runAsGroup": str(ID_MAX)}, id="ids as digits"),
        pytest.param({"runAsUser": "", "seccompProfile": "", "capabilities": ""}, id="empty fields of a form"),
        pytest.param({"runAsUser": 0, "runAsNonRoot": False}, id="root allowed"),
        pytest.param({"runAsUser": None, "runAsNonRoot": True}, id="user of the image"),
        pytest.param({"privileged": True, "allowPrivilegeEscalation": True}, id="privileged and escalating"),
        pytest.param({"privileged": True}, id="privileged"),
        pytest.param({"capabilities": {}}, id="empty capabilities"),
        pytest.param({"capabilities": {"add": None, "drop": ()}}, id="empty lists"),
        pytest.param({"capabilities": {"drop": ["ALL"] * CAPABILITIES_MAX}}, id="64 capabilities"),
        pytest.param({"seccompProfile": {}}, id="empty profile"),
        pytest.param({"seccompProfile": {"type": None, "localhostProfile": None}}, id="null profile"),
        pytest.param({"seccompProfile": {"type": "RuntimeDefault"}}, id="runtime default"),
        pytest.param({"seccompProfile": {"type": "Unconfined", "localhostProfile": ""}}, id="unconfined"),
    ],
)
def test_a_context_is_accepted(context: dict[str, Any]) -> None:
    assert faults(context) == {}
    assert faults(normalised(context)) == {}


def test_ids_end_where_the_kernel_s_do() -> None:
    assert ID_MAX == 2_147_483_647


WHOLE = f"Give a whole number from 0 to {ID_MAX}."
PROFILE = "seccompProfile.localhostProfile"


@pytest.mark.parametrize(
    ("context", "path", "fault"),
    [
        pytest.param({"privileged": "true"}, "privileged", "Say true or false.", id="text as flag"),
        pytest.param({"runAsNonRoot": 1}, "runAsNonRoot", "Say true or false.", id="number as flag"),
        pytest.param({"readOnlyRootFilesystem": []}, "readOnlyRootFilesystem", "Say true", id="list as flag"),
        pytest.param({"runAsUser": -1}, "runAsUser", WHOLE, id="negative"),
        pytest.param({"runAsUser": ID_MAX + 1}, "runAsUser", WHOLE, id="too great"),
        pytest.param({"runAsUser": str(ID_MAX + 1)}, "runAsUser", WHOLE, id="too great as digits"),
        pytest.param({"runAsGroup": 1.5}, "runAsGroup", WHOLE, id="fraction"),
        pytest.param({"runAsGroup": True}, "runAsGroup", WHOLE, id="flag as id"),
        pytest.param({"runAsGroup": "root"}, "runAsGroup", WHOLE, id="name as id"),
        pytest.param({"runAsGroup": "-1"}, "runAsGroup", WHOLE, id="sign"),
        pytest.param({"runAsGroup": "\u0663"}, "runAsGroup", WHOLE, id="digit of another script"),
        pytest.param({"runAsGroup": "\u00b2"}, "runAsGroup", WHOLE, id="superscript"),
        pytest.param({"runAsGroup": "1" * 5000}, "runAsGroup", WHOLE, id="more digits than int reads"),
        pytest.param(
            {"privileged": True, "allowPrivilegeEscalation": False},
            "allowPrivilegeEscalation",
            "A privileged container can always escalate",
            id="privileged without escalation",
        ),
        pytest.param({"runAsNonRoot": True, "runAsUser": 0}, "runAsUser", "User 0 is root", id="root forbidden"),
        pytest.param({"runAsNonRoot": True, "runAsUser": "00"}, "runAsUser", "User 0 is root", id="root as digits"),
        pytest.param({"capabilities": ["ALL"]}, "capabilities", "the lists add and drop", id="list"),
        pytest.param({"capabilities": {"ad": []}}, "capabilities.ad", "has no 'ad'; it has add", id="third list"),
        pytest.param({"capabilities": {"add": "ALL"}}, "capabilities.add", "Give a list", id="text as list"),
        pytest.param({"capabilities": {"add": {"ALL": 1}}}, "capabilities.add", "Give a list", id="mapping as list"),
        pytest.param({"capabilities": {"drop": ["ALL", "all"]}}, "capabilities.drop.1", "'all' is not a", id="case"),
        pytest.param({"capabilities": {"add": [7]}}, "capabilities.add.0", "'7' is not a capability", id="number"),
        pytest.param({"capabilities": {"add": [""]}}, "capabilities.add.0", "'' is not a capability", id="empty"),
        pytest.param({"capabilities": {"add": ["A\n"]}}, "capabilities.add.0", "is not a capability", id="line end"),
        pytest.param({"capabilities": {"add": ["A" * 65]}}, "capabilities.add.0", "is not a", id="65 characters"),
        pytest.param({"capabilities": {"add": ["ALL"] * 65}}, "capabilities.add", "There are 65", id="65 of them"),
        pytest.param({"seccompProfile": "Unconfined"}, "seccompProfile", "has a type and", id="text as profile"),
        pytest.param({"seccompProfile": {"type": "unconfined"}}, "seccompProfile.type", "The type is", id="type"),
        pytest.param({"seccompProfile": {"type": ["Localhost"]}}, "seccompProfile.type", "The type is", id="list type"),
        pytest.param({"seccompProfile": {"path": "a"}}, "seccompProfile.path", "has no 'path'", id="unknown field"),
        pytest.param(
            {"seccompProfile": {"localhostProfile": "a"}}, "seccompProfile.type", "The type is", id="profile, no type"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost"}}, PROFILE, "needs the path of a profile", id="no profile"
        ),
        pytest.param(
            {"seccompProfile": {"type": "RuntimeDefault", "localhostProfile": "a"}},
            PROFILE,
            "Only the type Localhost takes a profile, not RuntimeDefault",
            id="profile of another type",
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": 7}}, PROFILE, "'7' is not a path", id="7"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "/etc/a"}}, PROFILE, "not a path below", id="/"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a/../b"}},
            PROFILE,
            "not a path below",
            id="way up",
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a\x00"}}, PROFILE, "a NUL character", id="NUL"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a\n"}}, PROFILE, "a single line", id="lines"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Localhost", "localhostProfile": "a" * 401}},
            PROFILE,
            "has 401 characters",
            id="long profile",
        ),
        pytest.param(
            {"runAsNonroot": True}, "runAsNonroot", "A security context has no 'runAsNonroot'; it has", id="unknown"
        ),
    ],
)
def test_a_fault_is_told_at_its_path(context: dict[str, Any], path: str, fault: str) -> None:
    found = faults(context)
    assert list(found) == [path]
    assert fault in found[path]
    assert len(found[path]) < 300


def test_unknown_fields_may_be_anything() -> None:
    context: dict[Any, Any] = {"x": 1, 7: 2, "capabilities": {"y": 1, None: 2}}
    assert set(faults(context)) == {"x", "7", "capabilities.y", "capabilities.None"}


def test_every_fault_is_told() -> None:
    assert set(faults({"privileged": 1, "runAsUser": -1, "capabilities": 1, "seccompProfile": 1, "x": 1})) == {
        "privileged",
        "runAsUser",
        "capabilities",
        "seccompProfile",
        "x",
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        pytest.param({}, {}, id="empty"),
        pytest.param(FULL, FULL, id="full"),
        pytest.param({"privileged": None, "runAsUser": ""}, {}, id="what is not set"),
        pytest.param({"privileged": False, "runAsUser": 0}, {"privileged": False, "runAsUser": 0}, id="false and 0"),
        pytest.param({"runAsUser": "1000", "runAsGroup": "0"}, {"runAsUser": 1000, "runAsGroup": 0}, id="digits"),
        pytest.param({"capabilities": {}, "seccompProfile": {}}, {}, id="empty parts"),
        pytest.param({"capabilities": {"add": [], "drop": None}}, {}, id="parts that become empty"),
        pytest.param(
            {"capabilities": {"add": (), "drop": ("ALL",)}}, {"capabilities": {"drop": ["ALL"]}}, id="tuples as lists"
        ),
        pytest.param(
            {"seccompProfile": {"type": "Unconfined", "localhostProfile": ""}},
            {"seccompProfile": {"type": "Unconfined"}},
            id="empty profile",
        ),
    ],
)
def test_a_context_is_stored_without_what_is_not_set(given: dict[str, Any], stored: dict[str, Any]) -> None:
    before = repr(given)
    assert normalised(given) == stored
    assert normalised(normalised(given)) == stored
    assert repr(given) == before
