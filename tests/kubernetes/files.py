"""The files that the control plane's parts and clients read."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.kubernetes import audit, parts


def write_all(folder: Path, tokens: dict[str, str]) -> None:
    """Fill a new folder; whoever holds one of the tokens may do everything, under the name that goes with it."""
    for name in ("home", "pki", "kubeconfigs"):
        (folder / name).mkdir()
    rows = [f'{token},{name},{name},"system:masters"\n' for name, token in tokens.items()]
    (folder / "tokens.csv").write_text("".join(rows))
    (folder / "accounts.key").write_bytes(_private_key())
    (folder / "audit-policy.json").write_text(json.dumps(audit.POLICY))
    (folder / "audit.log").touch()
    (folder / "kwok.json").write_text(json.dumps(parts.KWOK_OPTIONS))


def write_kubeconfig(path: Path, *, server: str, ca: Path, token: str, namespace: str = "default") -> None:
    """How to reach an API server, and as whom."""
    here = {"name": "test"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [here | {"context": {"cluster": "test", "user": "test", "namespace": namespace}}],
        "clusters": [here | {"cluster": {"server": server, "certificate-authority": str(ca)}}],
        "users": [here | {"user": {"token": token}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))


def _private_key() -> bytes:
    """What service accounts' tokens are signed with."""
    key = ec.generate_private_key(ec.SECP256R1())
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
