"""What the API server was asked, and by whom, from its audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The plane's own parts ask all the time; nobody counts them.
OWN = ("control-plane", "kwok", "system:kube-controller-manager", "system:kube-scheduler")
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "None", "users": ["system:apiserver", *OWN]}, {"level": "Metadata"}],
}


@dataclass(frozen=True)
class Request:
    """One request that was answered, or a watch that was opened."""

    user: str
    user_agent: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int

    def __str__(self) -> str:
        thing = "/".join(part for part in (self.namespace, self.resource, self.name, self.subresource) if part)
        return f"{self.verb} {thing} {self.code}"


def requests(log: Path) -> list[Request]:
    """Every request in the log, in the order of their answers."""
    return list({entry["auditID"]: _request(entry) for entry in _entries(log)}.values())


def _entries(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):  # the last one may be half written
                yield json.loads(line)


def _request(entry: dict[str, Any]) -> Request:
    subject = entry.get("objectRef", {})
    return Request(
        user=entry["user"].get("username", ""),
        user_agent=entry.get("userAgent", ""),
        verb=entry["verb"],
        resource=subject.get("resource", entry["requestURI"]),
        subresource=subject.get("subresource", ""),
        namespace=subject.get("namespace", ""),
        name=subject.get("name", ""),
        code=entry.get("responseStatus", {}).get("code", 0),
    )
