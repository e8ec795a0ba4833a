"""Where the programs of the control plane come from, and what is said where there are none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kubernetes.binaries import BUILD, Absent, find


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the folder of the control plane that is not built yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    said = subprocess.run(["sh", str(BUILD), "--where"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return Path(said.strip())


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All of the PATH that there is: what any system has."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "dirname", "cat", "sha256sum", "cut", "sed"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_what_was_built_is_taken(cache: Path, tools: Path) -> None:
    cache.mkdir(parents=True)
    assert find()["etcd"] == str(cache / "etcd")
    assert find().gateway_api == cache / "gateway-api"


def test_without_go_it_says_what_is_missing(cache: Path, tools: Path) -> None:
    with pytest.raises(Absent, match=r"No Go: the tests on a real control plane will be SKIPPED\. They need Go 1\."):
        find()
    assert not cache.parent.exists()


def test_a_go_that_is_too_old_is_as_good_as_none(cache: Path, tools: Path) -> None:
    (tools / "go").write_text('#!/bin/sh\n[ "$1" = version ] && echo go version go1.19 && exit\nexit 1\n')
    (tools / "go").chmod(0o755)
    with pytest.raises(Absent, match=r"go version go1\.19 is too old"):
        find()


def test_a_build_that_fails_is_no_reason_to_skip(cache: Path, tools: Path) -> None:
    for name in ("mkdir", "mktemp", "chmod", "rm"):
        (tools / name).symlink_to(str(shutil.which(name, path=os.defpath)))
    (tools / "go").write_text('#!/bin/sh\n[ "$1" != build ] || { echo "no such module" >&2; exit 1; }\necho v1.2.3\n')
    (tools / "go").chmod(0o755)
    with pytest.raises(RuntimeError, match="no such module"):
        find()
    assert list(cache.parent.iterdir()) == []


def test_programs_of_kubebuilder_come_first(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    assets = tmp_path / "assets"
    assets.mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    with pytest.raises(RuntimeError, match="lacks etcd, kube-apiserver, kubectl"):
        find()

    for name in ("etcd", "kube-apiserver", "kubectl"):
        (assets / name).touch(mode=0o755)
    assert find()["kube-apiserver"] == str(assets / "kube-apiserver")
    assert find()["kwok"] == str(cache / "kwok")


def test_programs_of_kubebuilder_are_not_enough(
    cache: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(Absent, match="KUBEBUILDER_ASSETS alone has no controller manager, scheduler, kwok and helm"):
        find()
