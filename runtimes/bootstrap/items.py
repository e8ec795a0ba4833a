"""Images, versions and runtimes as plain values: as a values file wants them, and as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from runtimes.rules.ceiling import Layers
from runtimes.rules.lifecycle import State
from runtimes.rules.runtime import RuntimeSpec


@dataclass(frozen=True, kw_only=True)
class Version:
    """One container image of a family; `reference` has the registry in it."""

    version: str
    reference: str
    readiness_probe_path: str = ""
    architectures: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """What a values file decides, but for the state."""
        return {
            "reference": self.reference,
            "readiness_probe_path": self.readiness_probe_path,
            "architectures": list(self.architectures),
        }


@dataclass(frozen=True, kw_only=True)
class Image:
    """A scorer family."""

    uid: str
    display_name: str
    description: str = ""

    def content(self) -> dict[str, Any]:
        """What a values file decides, but for the state."""
        return {"display_name": self.display_name, "description": self.description}


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A runtime on an image, by the image's id; `pinned_version` is "" where it follows the current one."""

    uid: str
    model_type: str
    image: str
    pinned_version: str = ""
    spec: RuntimeSpec

    def content(self) -> dict[str, Any]:
        """What a values file decides, but for the state."""
        spec = {field.name: getattr(self.spec, field.name) for field in fields(self.spec)}
        pin = f"@{self.pinned_version}" if self.pinned_version else ""
        return {
            "model_type": self.model_type,
            "runtime_image": f"{self.image}{pin}",
            **spec,
            "volumes": list(self.spec.volumes),
        }


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    state: State = State.ACTIVE
    state_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WantedVersion(_Wanted, Version):
    """A version that a values file names."""


@dataclass(frozen=True, kw_only=True)
class WantedImage(_Wanted, Image):
    """An image that a values file names, with its versions."""

    versions: tuple[WantedVersion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WantedRuntime(_Wanted, Runtime):
    """A runtime that a values file names; its image is one of the same file."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """A sound values file; `digest` is the SHA-256 of its bytes in hexadecimal digits."""

    images: tuple[WantedImage, ...]
    runtimes: tuple[WantedRuntime, ...]
    digest: str

    @property
    def model_types(self) -> tuple[str, ...]:
        """The model types that its runtimes are for, each once."""
        return tuple(sorted({runtime.model_type for runtime in self.runtimes}))


@dataclass(frozen=True, kw_only=True)
class _Present:
    layers: Layers
    platform_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PresentVersion(_Present, Version):
    """A stored version."""


@dataclass(frozen=True, kw_only=True)
class PresentImage(_Present, Image):
    """A stored image with its versions."""

    versions: tuple[PresentVersion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PresentRuntime(_Present, Runtime):
    """A stored runtime."""


@dataclass(frozen=True, kw_only=True)
class Present:
    """Everything in `global`, the rows of people included."""

    images: tuple[PresentImage, ...] = ()
    runtimes: tuple[PresentRuntime, ...] = ()
