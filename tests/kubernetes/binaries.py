"""Where the programs of the control plane come from."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(__file__).parent / "controlplane" / "build.sh"
NO_GO = 3


class Absent(Exception):
    """The control plane is not on this machine and cannot be built here; the message says what is missing."""


@dataclass(frozen=True)
class Binaries:
    """A folder of programs, some of which another folder may replace."""

    built: Path
    instead: Path | None = None

    def __getitem__(self, name: str) -> str:
        """The path of a program."""
        if self.instead and (self.instead / name).exists():
            return str(self.instead / name)
        return str(self.built / name)

    @property
    def gateway_api(self) -> Path:
        """The folder of the Gateway API's resource definitions."""
        return self.built / "gateway-api"


def find() -> Binaries:
    """The programs, built first where they were not yet; Absent without Go, and RuntimeError when the build fails.

    KUBEBUILDER_ASSETS names a folder whose etcd, kube-apiserver and kubectl are taken instead.
    """
    build = subprocess.run(["sh", str(BUILD)], capture_output=True, text=True, check=False)  # noqa: S607
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if build.returncode == NO_GO:
        more = " KUBEBUILDER_ASSETS alone has no controller manager, scheduler, kwok and helm." if assets else ""
        raise Absent(build.stderr.strip() + more)
    if build.returncode:
        raise RuntimeError(f"{BUILD} failed:\n{build.stderr}")
    missing = [name for name in ("etcd", "kube-apiserver", "kubectl") if assets and not shutil.which(name, path=assets)]
    if missing:
        raise RuntimeError(f"KUBEBUILDER_ASSETS={assets} lacks {', '.join(missing)}")
    return Binaries(Path(build.stdout.splitlines()[-1]), Path(assets) if assets else None)
