"""docs/api.md does what it says: its blocks run in order, and what follows `# →` is what they answer."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import h2o_mlops
import pytest
from django.conf import settings

from tests.client.published import connect
from tests.mlops_console.serving.console import Console, environment

DOCUMENT = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
CURL = shutil.which("curl")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SAID = re.compile(r"# → (.*)$", re.MULTILINE)
_LABEL = re.compile(r"\*\*(.+?)\*\*")


def blocks(language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return [content for found, content in _BLOCK.findall(DOCUMENT) if found == language]


def matches(said: str, wanted: str) -> bool:
    """Whether something is what the document says, which may leave the rest out by an ellipsis."""
    return said.startswith(wanted[:-1]) if wanted.endswith("…") else said == wanted


def run_python(source: str, names: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Run a block statement by statement; yields what each said and what the document says that it says."""
    lines = source.splitlines()
    statements = ast.parse(source).body
    ends = [each.lineno - 1 for each in statements[1:]] + [len(lines)]
    for statement, end in zip(statements, ends, strict=True):
        printed, value = StringIO(), None
        with redirect_stdout(printed):
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), "api.md", "eval"), names)  # noqa: S307 - our own text
            else:
                exec(compile(ast.Module([statement], []), "api.md", "exec"), names)  # noqa: S102
        for wanted in _SAID.findall("\n".join(lines[statement.lineno - 1 : end])):
            yield (repr(value) if isinstance(statement, ast.Expr) else printed.getvalue().strip()), wanted


@pytest.fixture
def documented(
    admin: Any, console: Console, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """What the document wants in the environment: for each test a workspace of its own, empty again in the end."""
    workspace = admin.workspaces.create(name="Documented")
    wanted = {"CONSOLE": console.url, "TOKEN": tokens["admin"], "WORKSPACE": workspace.uid}
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    yield wanted
    workspace.delete()  # which the console refuses if the document leaves anything behind


def test_every_python_block_runs_and_answers_what_the_document_says(
    documented: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h2o_mlops, "Client", quietly(h2o_mlops.Client))
    names: dict[str, Any] = {}
    compared = 0
    for source in blocks("python"):
        for said, wanted in run_python(source, names):
            assert matches(said, wanted), f"{source}\nsays {said}"
            compared += 1
    assert compared >= 25


def quietly(client: Any) -> Callable[..., Any]:
    """The client as the tests make it: kept, and without warnings of its TLS."""

    def made(h2o_cloud_url: str, token_provider: Callable[[], str]) -> Any:
        return connect(h2o_cloud_url, token_provider, client)

    return made


def test_every_curl_block_runs_and_answers_what_the_document_says(documented: dict[str, str], tmp_path: Path) -> None:
    if CURL is None:
        pytest.skip("There is no curl on the PATH: the curl examples of docs/api.md are not tried.")
    # One shell for the whole document would be one failure for all of it: variables are carried from block to block.
    carried = tmp_path / "carried"
    carried.write_text(f'curl() {{ {CURL} --fail-with-body "$@"; }}\n')
    carry = f"""printf "API='%s'\nVERSION='%s'\n" "$API" "${{VERSION-}}" >> {carried}"""
    compared = 0
    for source in blocks("sh"):
        script = f". {carried}\nset -eu\n{source}\n{carry}\n"
        shell = ["sh", "-c", script]
        ended = subprocess.run(
            shell, env=environment(**documented), capture_output=True, text=True, timeout=60, check=False
        )
        said = f"{source}\nsays {ended.stdout}{ended.stderr}"
        wanted = _SAID.findall(source)
        if wanted and wanted[-1].isdigit():
            assert ended.stderr.strip().endswith(f"error: {wanted.pop()}"), said
            assert set(json.loads(ended.stdout)) == {"code", "message", "details"}, said
        else:
            assert ended.returncode == 0, said
        for each in wanted:
            assert json.loads(each) in list(answers(ended.stdout)), said
        compared += 1
    assert compared >= 15


def answers(text: str) -> Iterator[Any]:
    """The JSON texts that curl wrote one after the other."""
    while text := text.strip():
        found, end = json.JSONDecoder().raw_decode(text)
        yield found
        text = text[end:]


def test_every_button_and_field_of_the_browser_s_column_has_that_name_in_the_console() -> None:
    sources = [*Path(settings.BASE_DIR, "templates").rglob("*.html")]
    sources += [path for app in ("mlops_console", "runtimes") for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    known = "\n".join(path.read_text() for path in sources)
    cells = re.findall(r"<tr><td valign=\"top\">\n(.*?)</td>", DOCUMENT, re.DOTALL)
    labels = {label for cell in cells for label in _LABEL.findall(cell)}
    verbs = {"Deprecate", "Disable", "Enable", "Activate"}  # made of the verbs' own words
    assert len(labels) > 25
    missing = {each for each in labels - verbs if not re.search(r"""[>"} ]""" + re.escape(each) + r"""[<"…{]""", known)}
    assert missing == set()
