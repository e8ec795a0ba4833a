"""Files and locks."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from deployments.engines.contract import EngineFault, Fenced
from deployments.engines.local import files
from deployments.engines.local.files import read, sole, turn, write, write_once


def test_a_file_is_written_whole_or_once(tmp_path: Path) -> None:
    """Nothing unfinished stays behind."""
    path = tmp_path / "a.json"
    assert read(path) is None
    write(path, {"n": 1})
    write_once(path, {"n": 2})
    assert read(path) == {"n": 1}
    write(path, {"n": 3})
    assert read(path) == {"n": 3}
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]
    path.write_text("{")
    with pytest.raises(EngineFault, match="damaged"):
        read(path)


def test_one_holds_a_lock(tmp_path: Path) -> None:
    """The next one may have it afterwards."""
    for _ in range(2):
        with sole(tmp_path / "lock") as first, sole(tmp_path / "lock") as second:
            assert first is not None
            assert second is None


def test_epochs_never_fall(tmp_path: Path) -> None:
    """The same one comes again, a higher one takes over, a lower one is refused."""
    for epoch in (0, 3, 3, 10):
        with turn(tmp_path / "d", epoch) as mine:
            mine.check()
    with pytest.raises(Fenced, match="at epoch 10; a worker with epoch 9"), turn(tmp_path / "d", 9):
        pass


def test_a_worker_that_sleeps_amid_its_turn_loses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a higher epoch only; it learns so before its next act."""
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.05)
    with turn(tmp_path / "d", 1) as sleeping:
        with pytest.raises(EngineFault, match="busy"), turn(tmp_path / "d", 1):
            pass
        sleeping.check()
        with turn(tmp_path / "d", 2) as mine:
            mine.check()
            with pytest.raises(Fenced, match="taken this deployment over"):
                sleeping.check()
    with pytest.raises(Fenced), turn(tmp_path / "d", 1):
        pass


def test_turns_are_taken_one_after_the_other(tmp_path: Path) -> None:
    """No two callers are in at once."""
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            with turn(tmp_path / "d", 1):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (20, 1)
