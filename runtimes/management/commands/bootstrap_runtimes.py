"""`manage.py bootstrap_runtimes FILE [--dry-run]`: a Helm values file into the global workspace."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mlops_console.actor import ActorKind, system
from runtimes.actions.bootstrap import apply_values
from runtimes.bootstrap import Change, ValuesFaults, read_values

SIZE_MAX = 64 * 1024 * 1024


class Command(BaseCommand):
    """Reads the file, calls one action, prints the diff."""

    help = "Apply a Helm values.yaml to the global workspace; nothing is changed if the file has a fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the dry run."""
        parser.add_argument("file", type=Path, help="values.yaml with config.deployer.composition")
        parser.add_argument("--dry-run", action="store_true", help="print what would change and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        """Apply the file; raises CommandError listing every fault."""
        try:
            with file.open("rb") as opened:
                # The rules refuse what is longer than they read; no need to read more than that.
                values = read_values(opened.read(SIZE_MAX))
            diff = apply_values(
                actor=system(ActorKind.BOOTSTRAP, "bootstrap"),
                values=values,
                source=str(file),
                now=timezone.now(),
                dry_run=dry_run,
            )
        except OSError as fault:
            raise CommandError(f"{file} cannot be read: {fault.strerror}", returncode=2) from None
        except ValuesFaults as found:
            listed = "\n".join(f"  {fault}" for fault in found.faults)
            raise CommandError(f"{file} was not applied:\n{listed}", returncode=2) from None
        for change in diff.changes:
            self.stdout.write(_line(change))
        for held in diff.held:
            self.stdout.write(f"held    {held.key}: values.yaml says {held.wanted}, people keep it {held.api}")
        done = "would change" if dry_run else "changed"
        self.stdout.write(f"{len(diff.changes)} {done}, {diff.unchanged} unchanged, {len(diff.held)} held by people")


def _line(change: Change) -> str:
    fields = ", ".join(
        f"{name}: {change.before[name]!r} → {value!r}" if name in change.before else name
        for name, value in change.after.items()
    )
    return f"{change.action:<7} {change.key}" + (f" ({fields})" if change.before else "")
