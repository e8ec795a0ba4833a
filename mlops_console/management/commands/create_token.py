"""`manage.py create_token USER --name NAME`: a bearer token for a program, printed once."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mlops_console.actions.tokens import issue_token
from mlops_console.actor import ActorKind, system
from mlops_console.errors import Invalid
from mlops_console.models import User

DAYS_MAX: Final = 36_500


class Command(BaseCommand):
    """Makes a token; the token is all that goes to standard output, so that scripts can take it from there."""

    help = "Make a bearer token for a person's programs and print it; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("user", help="the user name of whom the token acts for")
        parser.add_argument("--name", required=True, help="what the token is for")
        parser.add_argument("--read-only", action="store_true", help="let the token read, and nothing else")
        parser.add_argument(
            "--expires-in-days", type=_days, metavar="N", help="let the token work for so many days; without, for ever"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the token; raises CommandError for an unknown user or a name that is taken."""
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is nobody active with the user name {options['user']}.")
        now, days = timezone.now(), options["expires_in_days"]
        try:
            _, secret = issue_token(
                actor=system(ActorKind.COMMAND, "manage.py create_token"),
                user=user,
                name=options["name"],
                read_only=options["read_only"],
                expires_at=now + timedelta(days=days) if days else None,
                now=now,
            )
        except Invalid as fault:
            raise CommandError(" ".join(fault.fields.values())) from None
        self.stdout.write(secret)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(DAYS_MAX)) and 1 <= int(text) <= DAYS_MAX):
        raise ArgumentTypeError(f"{text!r} is not a whole number of days from 1 to {DAYS_MAX}.")
    return int(text)
