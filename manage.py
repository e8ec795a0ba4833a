#!/usr/bin/env python3
"""The command line of the console."""

import os
import sys

from mlops_console.faults import StartFault
from mlops_console.serving.options import settings_of


def main(arguments: list[str]) -> None:
    """Run one management command; exits with 2 and one line on stderr when the console cannot start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlops_console.settings")
    try:
        from django.conf import settings
        from django.core.management import execute_from_command_line

        os.environ |= settings_of(arguments[1:])
        settings.DATA_DIR  # noqa: B018 - reads every setting now, where a fault can still be said in one line
        execute_from_command_line(arguments)
    except StartFault as fault:
        sys.stderr.write(f"mlops-console: {fault}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv)
