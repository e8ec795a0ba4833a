"""Fill an empty database: `python -m bench.load --data-dir FOLDER [--runtimes 1000000] [--audit 5000000]`.

Into an embedded PostgreSQL of its own in that folder or, without `--data-dir`, into the database of DATABASE_URL, which
must hold nothing yet. All of it is one transaction; the same seed writes the same rows.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

SEED: Final = 20261101


@dataclass(frozen=True)
class Sizes:
    """How many rows; `large` compositions stand in one deployment, the others as they do in life."""

    runtimes: int = 1_000_000
    deployments: int = 20_000
    compositions: int = 40_000
    large: int = 1_000
    audit: int = 0


def main() -> int:
    """Fill, say how long that took, and answer the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="folder of an embedded database (default: use DATABASE_URL)")
    for name, what in (("runtimes", ""), ("deployments", ""), ("audit", " entries")):
        default = getattr(Sizes, name)
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{name}{what} (default: {default:,})")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed writes the same rows")
    options = parser.parse_args()
    if options.data_dir is None and not os.environ.get("DATABASE_URL"):
        parser.error("give --data-dir, or set DATABASE_URL")
    settings_for(options.data_dir)
    import django

    django.setup()
    sizes = Sizes(
        runtimes=options.runtimes,
        deployments=options.deployments,
        compositions=2 * options.deployments,
        large=min(Sizes.large, max(2, options.deployments // 20)),
        audit=options.audit,
    )
    began = time.monotonic()
    load(sizes, options.seed, say=lambda line: _say(f"{time.monotonic() - began:7.1f} s  {line}"))
    return 0


def settings_for(data_dir: Path | None) -> None:
    """Let the settings, yet to be read, be a console's: with a database of its own where a folder is given."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "mlops_console.settings"
    if data_dir is not None:
        os.environ["DATA_DIR"] = str(data_dir.absolute())
        os.environ.pop("DATABASE_URL", None)


def load(sizes: Sizes, seed: int = SEED, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Migrate and fill the database of the settings; raises SystemExit where it is not empty."""
    from django.core.management import call_command

    from bench.loading import copying
    from runtimes.models import Runtime

    call_command("migrate", interactive=False, verbosity=0)
    if Runtime.objects.exists():
        raise SystemExit("This database holds runtimes already: load into an empty one.")
    say("migrated")
    fill(sizes, seed, say=say)
    copying.vacuum()
    say(f"vacuumed and analysed; load average {os.getloadavg()[0]:.1f}")


def fill(sizes: Sizes, seed: int, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Write the rows in one transaction, for a database that has its tables and nothing in them."""
    from django.db import transaction

    from bench.loading import audit, copying, deployments, fleet, runtimes
    from deployments.models import Composition, Deployment, Event, Experiment, Lease, WorkloadSpec
    from mlops_console.models import AuditEntry, Membership, User, Workspace
    from runtimes.models import Runtime, RuntimeImage, Version

    floor = (User, Workspace, Membership, RuntimeImage, Version)
    tables = (*floor, Runtime, Experiment, Deployment, Composition, WorkloadSpec, Lease, Event, AuditEntry)
    world = fleet.Fleet(Random(seed))  # noqa: S311 - to be repeated, not to be secret
    with transaction.atomic():
        with _saying(say, "indexes and foreign keys"), copying.bare(tables):
            fleet.fill(world)
            say(f"{len(world.workspaces):,} workspaces with people, images and versions")
            found = runtimes.fill(world, sizes.runtimes)
            say(f"{sizes.runtimes:,} runtimes")
            names = deployments.fill(
                world, found, count=sizes.deployments, compositions=sizes.compositions, large=sizes.large
            )
            say(f"{sizes.deployments:,} deployments with {sizes.compositions:,} compositions")
            if sizes.audit:
                audit.fill(world, sizes.audit, found.names, names)
                say(f"{sizes.audit:,} audit entries")
        copying.finish(tables)
    say("committed")


@contextmanager
def _saying(say: Callable[[str], None], what: str) -> Iterator[None]:
    yield
    say(what)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
