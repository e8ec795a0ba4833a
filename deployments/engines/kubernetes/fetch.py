"""Bringing a model's file to where a scorer finds it, before the scorer starts: `python -m … URL DESTINATION`.

This runs by itself in the cluster, in a container of the console's own image. The bearer token is in FETCH_TOKEN.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

TOKEN: Final = "FETCH_TOKEN"  # noqa: S105 the variable's name
TIMEOUT: Final = 30.0  # seconds without a byte
PAUSES: Final = (1.0, 2.0, 4.0, 8.0)  # seconds before each further try
FOR_GOOD: Final = range(400, 500)  # but for 408 and 429, which ask to come again
AGAIN: Final = (408, 429)


class Failed(Exception):
    """A try that came to nothing; `is_final` says that another would, too."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


def main(arguments: list[str]) -> int:
    """Fetch, trying again for some seconds; answers the exit code."""
    url, destination = arguments[0], Path(arguments[1])
    for pause in (*PAUSES, None):
        try:
            size = fetch(url, destination, os.environ.get(TOKEN, ""))
        except Failed as failed:
            _say(f"{destination.name} was not fetched: {failed}.")
            if failed.is_final or pause is None:
                return 1
            time.sleep(pause)
        else:
            _say(f"{destination.name} has {size:,} bytes.")
            return 0
    return 1


def fetch(url: str, destination: Path, token: str) -> int:
    """Write what an address answers to a file, whole or not at all, and answer its size in bytes; raises Failed."""
    if not url.startswith(("http://", "https://")):
        raise Failed("its address is not one of HTTP", is_final=True)
    request = urllib.request.Request(url)  # noqa: S310 the scheme was looked at
    # Unredirected: the token is for this address, not for where it may send us.
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    unfinished = destination.with_name(f"{destination.name}.unfinished")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, unfinished.open("wb") as out:  # noqa: S310
            if answer.status != 200:
                raise Failed(f"the console answered {answer.status}")
            shutil.copyfileobj(answer, out, 1 << 20)
            expected, size = answer.headers.get("Content-Length"), out.tell()
    except urllib.error.HTTPError as error:
        is_final = error.code in FOR_GOOD and error.code not in AGAIN
        raise Failed(f"the console answered {error.code}", is_final=is_final) from None
    except (OSError, http.client.HTTPException) as error:
        raise Failed(str(getattr(error, "reason", error)) or type(error).__name__) from None
    if expected is not None and size != int(expected):
        raise Failed(f"{size:,} of {int(expected):,} bytes came")
    unfinished.chmod(0o644)  # the scorer is another user
    unfinished.replace(destination)
    return size


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
