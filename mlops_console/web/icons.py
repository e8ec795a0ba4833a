"""The icons of the pages, drawn once, in `static/icons.svg`; a page only points at them, and its
style sheet strokes them.

`python -m mlops_console.web.icons` writes the file anew after a change to the list.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).resolve().parents[2] / "static" / "icons.svg"
NAMES: Final = frozenset(
    """
    arrow-down arrow-left-right arrow-up ban book-open braces check chevron-left chevron-right chevrons-left
    chevrons-right chevrons-up-down circle circle-alert circle-arrow-down circle-arrow-up circle-check
    circle-pause circle-user circle-x clock-alert columns-3 container copy corner-down-right cpu download
    file-down flask-conical funnel-x git-compare-arrows globe heart-crack hourglass info key-round layers
    layout-dashboard loader lock log-in log-out menu monitor moon octagon-x pause pencil play plus power
    refresh-cw rocket scan-eye scroll-text search-x shapes shield-check skip-forward sun tag trash-2
    triangle-alert undo-2 upload user user-cog user-minus user-plus user-x users x
    """.split()  # noqa: SIM905 - one a line would fill two screens
)


class UnknownIcon(LookupError):
    """A name that is not in the list."""


def sheet() -> str:
    """The file's text: a symbol for each name; needs the package `lucide`, which draws them."""
    from lucide.templatetags.lucide import lucide

    drawn = {name: re.sub(r"^<svg[^>]*>|</svg>$", "", str(lucide(name)).strip()).split() for name in NAMES}
    symbols = (f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(drawn[name])}</symbol>\n' for name in sorted(drawn))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'


if __name__ == "__main__":
    FILE.write_text(sheet(), encoding="utf-8")
