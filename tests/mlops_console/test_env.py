"""Settings from the environment: read strictly, refused in words."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_console import env
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault
from mlops_console.logs import LineFormatter
from mlops_console.secret import former_keys, metrics_token, secret_key

READERS: dict[str, Callable[[], object]] = {
    "flag": lambda: env.flag("X", default=True),
    "integer": lambda: env.integer("X", default=5, minimum=1, maximum=9),
    "choice": lambda: env.choice("X", default="local", allowed=["local", "kubernetes"]),
    "words": lambda: env.words("X", default=["a"]),
    "hosts": lambda: env.hosts("X", default=["localhost"]),
    "origins": lambda: env.origins("X"),
    "file": lambda: env.file("X"),
    "path": lambda: env.path("X", default=Path("/default")),
}


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        ("flag", None, True),
        ("flag", "", True),
        ("flag", "False", False),
        ("flag", "1", True),
        ("integer", None, 5),
        ("integer", " 9 ", 9),
        ("choice", None, "local"),
        ("choice", "KUBERNETES", "kubernetes"),
        ("words", "", ["a"]),
        ("words", "b, c,,", ["b", "c"]),
        ("hosts", "a.example.org,.example.org,[::1],*", ["a.example.org", ".example.org", "[::1]", "*"]),
        ("origins", None, []),
        ("origins", "https://a.example.org:8443", ["https://a.example.org:8443"]),
        ("file", None, None),
        ("file", __file__, Path(__file__)),
        ("path", None, Path("/default")),
        ("path", "/data", Path("/data")),
        ("path", "data", Path.cwd() / "data"),
        ("path", "~/data", Path.home() / "data"),
    ],
)
def test_what_is_allowed_is_read(
    monkeypatch: pytest.MonkeyPatch, reader: str, value: str | None, expected: object
) -> None:
    monkeypatch.delenv("X", raising=False)
    if value is not None:
        monkeypatch.setenv("X", value)
    assert READERS[reader]() == expected


@pytest.mark.parametrize(
    ("reader", "value", "said"),
    [
        ("flag", "yes", "X is 'yes'; allowed: true, false, 1 or 0"),
        ("integer", "10", "X is '10'; allowed: a whole number from 1 to 9"),
        ("integer", "3.5", "X is '3.5'; allowed: a whole number from 1 to 9"),
        ("integer", "٣", "X is '٣'; allowed: a whole number from 1 to 9"),
        ("integer", "9" * 5000, "a whole number from 1 to 9"),
        ("choice", "cloud", "X is 'cloud'; allowed: local, kubernetes"),
        ("hosts", "https://a.example.org", "host names separated by commas"),
        ("hosts", "a:80", "host names separated by commas"),
        ("origins", "a.example.org", "such as https://console.example.org"),
        ("origins", "https://a.example.org/path", "such as https://console.example.org"),
        ("file", "/no/such/file", "a file that exists and can be read"),
        ("file", "/tmp", "a file that exists and can be read"),
    ],
)
def test_anything_else_is_refused_by_name_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, reader: str, value: str, said: str
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(SettingFault) as fault:
        READERS[reader]()
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("SECRET_KEY_FILE", raising=False)


@pytest.mark.usefixtures("no_key")
def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    made = secret_key(tmp_path / "data")
    file = tmp_path / "data" / "secret_key"
    assert len(made) > 50
    assert secret_key(tmp_path / "data") == made == file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["secret_key"]


@pytest.mark.usefixtures("no_key")
def test_a_given_key_is_preferred_and_no_file_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 60 + "\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert secret_key(tmp_path / "data") == "f" * 60
    monkeypatch.setenv("SECRET_KEY", "e" * 60)
    assert secret_key(tmp_path / "data") == "e" * 60
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("no_key")
def test_a_short_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(SettingFault, match="at least 50 characters, not 7") as fault:
        secret_key(tmp_path)
    assert "hunter2" not in str(fault.value)


def test_keys_of_before_are_listed_and_a_short_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert former_keys() == []
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{'f' * 50}, {'g' * 60},")
    assert former_keys() == ["f" * 50, "g" * 60]
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{'f' * 50},hunter2")
    with pytest.raises(SettingFault, match="SECRET_KEY_FALLBACKS is '…'; allowed: at least 50 characters, not 7"):
        former_keys()


def test_a_token_for_metrics_is_given_or_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert metrics_token() == ""
    (tmp_path / "token").write_text("f" * 40 + "\n")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
    assert metrics_token() == "f" * 40
    monkeypatch.setenv("METRICS_TOKEN", "aZ09-._~+/" * 4 + "==")
    assert metrics_token() == "aZ09-._~+/" * 4 + "=="


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("METRICS_TOKEN", "hunter2", "METRICS_TOKEN is '…'; allowed: at least 32 characters, not 7"),
        ("METRICS_TOKEN", "hunter2 " * 8, "as a bearer token is written"),
        ("METRICS_TOKEN", "hünter2" * 8, "as a bearer token is written"),
        ("METRICS_TOKEN_FILE", "/no/such/file", "a file that exists and can be read"),
    ],
)
def test_what_is_no_token_for_metrics_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingFault, match=said) as fault:
        metrics_token()
    assert "nter2" not in str(fault.value)


def test_a_file_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(SettingFault, match="METRICS_TOKEN_FILE is '…'; allowed: at least 32 characters, not 0"):
        metrics_token()


@pytest.mark.usefixtures("no_key")
def test_an_empty_kept_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(StartFault, match="secret_key"):
        secret_key(tmp_path)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("plain words", "plain words"),
        ("two\nlines\x1b[31m", "two ⏎ lines\\x1b[31m"),
        ("Authorization: Bearer abc.def-123 sent", "Authorization: Bearer … sent"),
        ("password=hunter2&next=/", "password=…&next=/"),
        ('{"api_key": "hunter2"}', '{"api_key": "…"}'),
        ("postgresql://console:hunter2@db/console", "postgresql://console:…@db/console"),
        ("a token was made", "a token was made"),
    ],
)
def test_a_log_line_is_one_line_without_secrets(message: str, expected: str) -> None:
    record = logging.LogRecord("name", logging.INFO, os.devnull, 1, message, None, None)
    assert LineFormatter().format(record).endswith(f" INFO name: {expected}")
