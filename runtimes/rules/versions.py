"""Container image references, version numbers and their order (R4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from semver import Version as Semantic

from runtimes.rules.lifecycle import State
from runtimes.rules.names import quoted

REFERENCE_MAX: Final = 512
REPOSITORY_MAX: Final = 255
VERSION_MAX: Final = 64
PROBE_PATH_MAX: Final = 200
KEPT: Final = 4096  # keys that are remembered: the same few hundred versions are compared again and again
ARCHITECTURES: Final = ("amd64", "arm64", "ppc64le", "s390x")
_PORT_MAX: Final = 65_535
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT: Final = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")
_PROBE: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_MOVING_TAGS: Final = frozenset({"latest", "nightly"})


class ReferenceFault(ValueError):
    """A text that is no container image reference; `position` counts characters from 1, None where none is."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


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
    _check_characters(text)
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ReferenceFault(
            f"The digest {quoted(digest)} is not sha256: with 64 lower-case hexadecimal digits.", len(rest) + 2
        )
    head, slash, last = rest.rpartition("/")
    name, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise ReferenceFault(
            f"The tag {quoted(tag)} is not 1 to 128 letters, digits, _, . and -, beginning with a letter, digit or _.",
            len(rest) - len(tag) + 1,
        )
    registry, repository = _split_registry(f"{head}{slash}{name}")
    _check_repository(repository, len(registry) + 1 if registry else 0)
    return ImageReference(registry, repository, tag, digest)


def _check_characters(text: str) -> None:
    if not text:
        raise ReferenceFault("Give a container image such as h2oai/h2o3mojo-scorer:1.5.4.")
    if len(text) > REFERENCE_MAX:
        raise ReferenceFault(
            f"The reference has {len(text):,} characters; at most {REFERENCE_MAX} are allowed.", REFERENCE_MAX + 1
        )
    if blank := re.search(r"[\s\x00-\x20\x7f]", text):
        position = blank.start() + 1
        raise ReferenceFault(f"The reference holds a blank or control character at position {position}.", position)
    if "://" in text:
        raise ReferenceFault("A reference has no scheme: leave out what stands before ://, and that too.", 1)


def _split_registry(path: str) -> tuple[str, str]:
    """The first part is a registry where it has a dot or a port, or is localhost."""
    first, slash, rest = path.partition("/")
    if not slash or not (re.search(r"[.:]", first) or first == "localhost"):
        return "", path
    host = _HOST.fullmatch(first)
    if not host:
        raise ReferenceFault(f"The registry {quoted(first)} is not a host name with an optional port.", 1)
    if host["port"] and not 0 < int(host["port"]) <= _PORT_MAX:
        raise ReferenceFault(
            f"The port of the registry {quoted(first)} is not from 1 to {_PORT_MAX}.", host.start("port") + 1
        )
    return first, rest


def _check_repository(repository: str, start: int) -> None:
    """Pass for lower-case parts between slashes; `start` is where the repository begins in the reference."""
    if len(repository) > REPOSITORY_MAX:
        raise ReferenceFault(
            f"The repository has {len(repository)} characters; at most {REPOSITORY_MAX} are allowed.", start + 1
        )
    for part in repository.split("/"):
        if not _COMPONENT.fullmatch(part):
            sound = _COMPONENT.match(part)
            raise ReferenceFault(_component_fault(part), start + (sound.end() if sound else 0) + 1)
        start += len(part) + 1


def _component_fault(part: str) -> str:
    if not part:
        return "The repository has an empty part: a slash too many, or no name."
    if part != part.lower():
        return f"The repository part {quoted(part)} has upper-case letters; only lower-case ones are allowed."
    return (
        f"The repository part {quoted(part)} is not lower-case letters and digits, "
        "separated by single ., _, __ or hyphens."
    )


def parse_version(text: str) -> str:
    """A semantic version with its leading v; raises VersionFault."""
    number = text.strip().removeprefix("v")
    if len(number) + 1 > VERSION_MAX:
        raise VersionFault(
            f"The version has {len(number) + 1:,} characters with its v; at most {VERSION_MAX} are allowed."
        )
    if "+" in number:
        raise VersionFault(
            f"{quoted(text)} has build metadata (what follows +), which has no place in an order; leave it out."
        )
    if fault := _number_fault(number):
        raise VersionFault(
            f"{quoted(text)} is not a semantic version: {fault}. Give three numbers such as v1.5.4, "
            "optionally with a pre-release such as v1.5.4-rc.1."
        )
    return f"v{number}"


def _number_fault(number: str) -> str:
    """What keeps a text from being a semantic version without build metadata, or `""`."""
    if strange := re.search(r"[^0-9A-Za-z.-]", number):
        return f"{strange.group()!r} has no place in it"
    core, dash, prerelease = number.partition("-")
    numbers = core.split(".")
    if len(numbers) != 3:
        return f"it has {len(numbers)} of three numbers" if len(numbers) < 3 and core else "it is not three numbers"
    for part in numbers:
        if not _NUMBER.fullmatch(part):
            return f"its part {part!r} is not a number without leading zeros"
    for part in prerelease.split(".") if dash else ():
        if not part:
            return "its pre-release has an empty part"
        if part.isdigit() and not _NUMBER.fullmatch(part):
            return f"the number {part} in its pre-release has leading zeros"
    return ""


def version_for(reference: ImageReference, explicit: str = "") -> str:
    """The explicit version, else the one in the tag; raises VersionFault saying what to give."""
    if explicit.strip():
        return parse_version(explicit)
    if not reference.tag:
        raise VersionFault("The reference has no tag to take a version from: give the version, such as v1.5.4.")
    if reference.tag in _MOVING_TAGS:
        raise VersionFault(
            f"The tag {reference.tag} moves, so it names no version: give the version, such as v1.5.4, "
            "or a tag that is one."
        )
    try:
        return parse_version(reference.tag)
    except VersionFault:
        raise VersionFault(
            f"The tag {quoted(reference.tag)} is not a semantic version: give the version, such as v1.5.4."
        ) from None


@lru_cache(maxsize=KEPT)
def precedence(version: str) -> str:
    """A key whose byte order is the order of semantic versions, to sort by in a database; raises VersionFault.

    A number is its length in two digits and itself, so that 9 comes before 10. A pre-release begins with `-`,
    its release with `~`, which sorts after. Identifiers are separated by `!`, which sorts before all they may
    hold; numeric ones begin with 0, others with 1.
    """
    number = Semantic.parse(parse_version(version).removeprefix("v"))
    core = "".join(_padded(str(part)) for part in (number.major, number.minor, number.patch))
    if number.prerelease is None:
        return f"{core}~"
    parts = (f"0{_padded(part)}" if part.isdigit() else f"1{part}" for part in number.prerelease.split("."))
    return f"{core}-{'!'.join(parts)}"


def _padded(digits: str) -> str:
    return f"{len(digits):02d}{digits}"


def current(versions: Iterable[tuple[str, State]]) -> str | None:
    """The highest ACTIVE version, else the highest DEPRECATED one, else None; raises VersionFault."""
    usable = [
        (state is State.ACTIVE, precedence(version), version)
        for version, state in versions
        if state is not State.DISABLED
    ]
    return max(usable)[2] if usable else None


def check_probe_path(path: str) -> str:
    """A readiness probe path, or `""` for the default; raises ValueError."""
    path = path.strip()
    if path and (len(path) > PROBE_PATH_MAX or not _PROBE.fullmatch(path)):
        raise ValueError(
            f"The readiness probe path begins with / and has at most {PROBE_PATH_MAX} characters of a URL path."
        )
    return path


def check_architectures(names: Sequence[str]) -> tuple[str, ...]:
    """Known architectures, each once, in their usual order; raises ValueError."""
    unknown = sorted(set(names) - set(ARCHITECTURES))
    if unknown:
        raise ValueError(f"{quoted(unknown[0])} is no known architecture; known are {', '.join(ARCHITECTURES)}.")
    return tuple(each for each in ARCHITECTURES if each in names)
