"""Container image references, version numbers and their order (R4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from semver import Version as Semantic

from runtimes.rules.lifecycle import State

REFERENCE_MAX: Final = 512
VERSION_MAX: Final = 64
ARCHITECTURES: Final = ("amd64", "arm64", "ppc64le", "s390x")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_COMPONENT: Final = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PROBE: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_MOVING_TAGS: Final = frozenset({"latest", "nightly"})


class ReferenceFault(ValueError):
    """A text that is no container image reference."""


class VersionFault(ValueError):
    """A text that is no version, or a reference that names none."""


@dataclass(frozen=True)
class ImageReference:
    """A container image reference in parts; `str` gives back what was parsed."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        registry = f"{self.registry}/" if self.registry else ""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{registry}{self.repository}{tag}{digest}"


def parse_reference(text: str) -> ImageReference:
    """The parts of a reference such as `host:5000/h2oai/scorer:1.2.3@sha256:…`; raises ReferenceFault."""
    if not text:
        raise ReferenceFault("Give a container image such as h2oai/h2o3mojo-scorer:1.5.4.")
    if len(text) > REFERENCE_MAX:
        raise ReferenceFault(f"The reference has {len(text):,} characters; at most {REFERENCE_MAX} are allowed.")
    if blank := re.search(r"[\s\x00-\x20\x7f]", text):
        raise ReferenceFault(f"The reference holds a blank or control character at position {blank.start() + 1}.")
    if "://" in text:
        raise ReferenceFault("A reference has no scheme: leave out what stands before ://.")
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ReferenceFault(f"The digest {digest!r} is not sha256: with 64 lower-case hexadecimal digits.")
    head, slash, last = rest.rpartition("/")
    name, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise ReferenceFault(
            f"The tag {tag!r} is not 1 to 128 letters, digits, _, . and -, beginning with a letter, digit or _."
        )
    registry, repository = _split_registry(f"{head}{slash}{name}")
    for part in repository.split("/"):
        if not _COMPONENT.fullmatch(part):
            raise ReferenceFault(_component_fault(part))
    return ImageReference(registry, repository, tag, digest)


def _split_registry(path: str) -> tuple[str, str]:
    """The first part is a registry if it looks like a host: with a dot, a port or an upper-case letter, or localhost."""
    first, slash, rest = path.partition("/")
    if not slash or not (re.search(r"[.:\[]", first) or first == "localhost" or first.lower() != first):
        return "", path
    if not _HOST.fullmatch(first):
        raise ReferenceFault(f"The registry {first!r} is not a host name with an optional port.")
    if "." not in first and ":" not in first and first != "localhost":
        raise ReferenceFault(_component_fault(first))
    return first, rest


def _component_fault(part: str) -> str:
    if not part:
        return "The repository has an empty part: a slash too many, or no name."
    if part != part.lower():
        return f"The repository part {part!r} has upper-case letters; only lower-case ones are allowed."
    return f"The repository part {part!r} is not lower-case letters and digits, separated by single ., _, __ or -."


def parse_version(text: str) -> str:
    """A semantic version with its leading v; raises VersionFault."""
    text = text.strip()
    if len(text) > VERSION_MAX:
        raise VersionFault(f"The version has {len(text)} characters; at most {VERSION_MAX} are allowed.")
    number = text.removeprefix("v")
    if not number.isascii() or not Semantic.is_valid(number):
        raise VersionFault(
            f"{text!r} is not a semantic version: give three numbers such as v1.5.4, optionally with a pre-release "
            "such as v1.5.4-rc.1."
        )
    if Semantic.parse(number).build is not None:
        raise VersionFault(f"{text!r} has build metadata (what follows +), which has no place in an order; leave it out.")
    return f"v{number}"


def version_for(reference: ImageReference, explicit: str = "") -> str:
    """The explicit version, else the one in the tag; raises VersionFault saying what to give."""
    if explicit.strip():
        return parse_version(explicit)
    if not reference.tag:
        raise VersionFault("The reference has no tag to take a version from: give the version, such as v1.5.4.")
    if reference.tag in _MOVING_TAGS:
        raise VersionFault(
            f"The tag {reference.tag} moves, so it names no version: give the version, such as v1.5.4, or a tag that is one."
        )
    try:
        return parse_version(reference.tag)
    except VersionFault:
        raise VersionFault(
            f"The tag {reference.tag!r} is not a semantic version: give the version, such as v1.5.4."
        ) from None


def precedence(version: str) -> str:
    """A key whose byte order is the order of semantic versions, for a database to sort by.

    A number is its length in two digits and itself, so that 9 comes before 10. A pre-release begins with `-`, its
    release with `~`, which sorts after. Identifiers are separated by `!`, which sorts before all they may hold;
    numeric ones begin with 0, others with 1.
    """
    number = Semantic.parse(version.removeprefix("v"))
    core = "".join(_padded(str(part)) for part in (number.major, number.minor, number.patch))
    if number.prerelease is None:
        return f"{core}~"
    parts = (f"0{_padded(part)}" if part.isdigit() else f"1{part}" for part in number.prerelease.split("."))
    return f"{core}-{'!'.join(parts)}"


def _padded(digits: str) -> str:
    return f"{len(digits):02d}{digits}"


def current(versions: Iterable[tuple[str, State]]) -> str | None:
    """The highest ACTIVE version, else the highest DEPRECATED one, else None."""
    usable = [(state is State.ACTIVE, precedence(version), version) for version, state in versions if state is not State.DISABLED]
    return max(usable)[2] if usable else None


def check_probe_path(path: str) -> str:
    """A readiness probe path, or `""` for the default; raises ValueError."""
    path = path.strip()
    if path and (len(path) > 200 or not _PROBE.fullmatch(path)):
        raise ValueError("The readiness probe path begins with / and has at most 200 characters of a URL path.")
    return path


def check_architectures(names: Sequence[str]) -> tuple[str, ...]:
    """Known architectures, each once, in their usual order; raises ValueError."""
    unknown = sorted(set(names) - set(ARCHITECTURES))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: not an architecture; known are {', '.join(ARCHITECTURES)}.")
    return tuple(each for each in ARCHITECTURES if each in names)
