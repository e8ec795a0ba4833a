"""Workspaces with their people, model types, and scorer images with their versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from bench.loading import words
from bench.loading.copying import copy
from mlops_console.access import Role
from mlops_console.models import GLOBAL, Membership, User, Workspace
from runtimes.models import ModelType, RuntimeImage, Version
from runtimes.rules.lifecycle import State
from runtimes.rules.versions import precedence

END: Final = datetime(2026, 11, 1, tzinfo=UTC)  # when the last row was written: the same rows today and next year
DAYS: Final = 900
WORKSPACES: Final = 200
PEOPLE: Final = 400
IMAGE_WEIGHTS: Final = (93, 98, 100)  # of active, deprecated and disabled images
ACTIVE, DEPRECATED, DISABLED = (state.value for state in State)


@dataclass(frozen=True)
class Image:
    """A scorer image with the keys of its versions, lowest first, and those of them that can be used."""

    key: int
    workspace: int
    versions: list[int]
    usable: list[int]


@dataclass(frozen=True)
class Built:
    """What a version is and on what it runs."""

    version: str
    reference: str
    architectures: list[str]


@dataclass
class Fleet:
    """What later rows stand on: workspaces by key (`global` comes first), people, model types, images."""

    chances: Random
    workspaces: dict[int, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    first_person: int = 1
    model_types: list[str] = field(default_factory=list)
    offered: dict[str, list[Image]] = field(default_factory=dict)
    own: dict[int, list[Image]] = field(default_factory=dict)
    versions: dict[int, Built] = field(default_factory=dict)

    def instant(self) -> datetime:
        """Some instant of the last years, to the microsecond."""
        return END - timedelta(seconds=self.chances.random() * DAYS * 86_400)

    def person(self) -> int:
        """The key of somebody."""
        return self.first_person + int(self.chances.random() * len(self.people))

    def said(self, state: str, *, managed: bool) -> tuple[Any, ...]:
        """The state of an image or version and why: the platform's word on what it manages, else people's."""
        reason = "" if state == ACTIVE else self.chances.choice(words.REASONS)
        at = None if state == ACTIVE else self.instant()
        if managed:
            return (ACTIVE, "", None, "", state, reason)
        return (state, reason, at, self.chances.choice(self.people) if reason else "", None, "")

    def uuid(self) -> str:
        """An id such as the console makes."""
        return str(UUID(int=self.chances.getrandbits(128), version=4))


def fill(fleet: Fleet) -> None:
    """Write what every database has alike, whatever its size."""
    _people(fleet)
    _workspaces(fleet)
    known = set(ModelType.objects.values_list("name", flat=True))
    copy(ModelType, ("name", "display_name"), (each for each in words.MORE_MODEL_TYPES.items() if each[0] not in known))
    fleet.model_types = sorted(known | set(words.MORE_MODEL_TYPES))
    _images(fleet)


def _people(fleet: Fleet) -> None:
    fleet.first_person = 1 + (User.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)
    names = [f"{first}.{last}" for first in words.FIRST for last in words.LAST]
    fleet.people = [f"{names[n % len(names)]}{n // len(names) or ''}" for n in range(PEOPLE)]
    rows = (
        (
            fleet.first_person + n,
            fleet.uuid(),
            name,
            name.replace(".", " ").title(),
            f"{name}@example.org",
            "!",
            n < 3,
            fleet.instant(),
        )
        for n, name in enumerate(fleet.people)
    )
    columns = ("id", "uid", "username", "display_name", "email", "password", "is_platform_admin", "created_at")
    copy(User, columns, rows)


def _workspaces(fleet: Fleet) -> None:
    everyone = Workspace.objects.get(uid=GLOBAL)
    fleet.workspaces[everyone.pk] = everyone.uid
    names = [(one, other) for other in words.TEAMS for one in words.DEPARTMENTS][: WORKSPACES - 1]
    rows = []
    for key, (department, team) in enumerate(names, start=everyone.pk + 1):
        fleet.workspaces[key] = f"{department}-{team}".lower()
        made, person = fleet.instant(), fleet.person()
        about = f"{team} of {department}."
        rows.append((key, fleet.workspaces[key], f"{department} {team}", about, made, made, person, person))
    columns = ("id", "uid", "display_name", "description", "created_at", "updated_at", "creator_id", "updater_id")
    copy(Workspace, columns, rows)
    roles = [role.value for role in Role]
    members = (
        (key, fleet.first_person + person, fleet.chances.choice(roles))
        for key in fleet.workspaces
        for person in fleet.chances.sample(range(PEOPLE), fleet.chances.randint(3, 12))
    )
    copy(Membership, ("workspace_id", "user_id", "role"), members)


def _images(fleet: Fleet) -> None:
    """Two families for each model type in `global`, three of their own for every other workspace."""
    platform, *others = fleet.workspaces
    wanted = [(platform, each, part) for each in fleet.model_types for part in ("scorer", "gpu-scorer")]
    wanted += [(key, "", f"{team}-scorer") for key in others for team in ("own", "fork", "pilot")]
    images: list[tuple[Any, ...]] = []
    versions: list[tuple[Any, ...]] = []
    for key, (workspace, model_type, part) in enumerate(wanted, start=1):
        uid = "-".join(filter(None, (model_type.lower().replace("/", "-").replace(".", "-"), part)))
        managed, made = workspace == platform, fleet.instant()
        name = uid.replace("-", " ").replace("_", " ").capitalize()
        state = fleet.chances.choices((ACTIVE, DEPRECATED, DISABLED), cum_weights=IMAGE_WEIGHTS)[0]
        about = fleet.chances.choice(words.SENTENCES)
        images.append((key, workspace, uid, name, about, *fleet.said(state, managed=managed), made, made))
        repository = f"scorers/{uid}" if managed else f"registry.example.org:5000/{fleet.workspaces[workspace]}/{part}"
        image = Image(key, workspace, [], [])
        versions += _versions(fleet, image, len(versions) + 1, repository, managed=managed)
        if state == DISABLED:
            image.usable.clear()
        (fleet.offered.setdefault(model_type, []) if managed else fleet.own.setdefault(workspace, [])).append(image)
    copy(RuntimeImage, ("id", "workspace_id", "uid", "display_name", "description", *_SAID), images)
    copy(Version, ("id", "image_id", "version", "precedence", "reference", "architectures", *_SAID), versions)


_SAID: Final = (
    "api_state",
    "api_reason",
    "api_state_at",
    "api_state_by",
    "platform_state",
    "platform_reason",
    "created_at",
    "updated_at",
)


def _versions(fleet: Fleet, image: Image, first: int, repository: str, *, managed: bool) -> Iterator[tuple[Any, ...]]:
    """The versions of one image: the oldest are disabled, some after them deprecated, the last may be a candidate."""
    count = fleet.chances.randint(8, 14) if managed else fleet.chances.randint(2, 6)
    for number in range(count):
        candidate = number == count - 1 and fleet.chances.random() < 0.2
        version = f"v1.{number}.{fleet.chances.randint(0, 3)}{'-rc.1' if candidate else ''}"
        age = number / count
        state = DISABLED if age < 0.25 or candidate else DEPRECATED if age < 0.5 else ACTIVE
        key, at = first + number, fleet.instant()
        image.versions.append(key)
        if state != DISABLED:
            image.usable.append(key)
        architectures = fleet.chances.choice((["amd64"], ["amd64", "arm64"], []))
        reference = f"{repository}:{version.removeprefix('v')}"
        fleet.versions[key] = Built(version, reference, architectures)
        said = fleet.said(state, managed=managed)
        yield (key, image.key, version, precedence(version), reference, architectures, *said, at, at)
