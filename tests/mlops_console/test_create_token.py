"""`manage.py create_token`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mlops_console.actions.tokens import digest
from mlops_console.models import AuditEntry, Token, User
from tests.cast import Cast


def create(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_token_is_all_that_is_printed(cast: Cast) -> None:
    printed = create("viewer", "--name", "ci")
    assert printed.count("\n") == 1
    token = Token.objects.get(digest=digest(printed.strip()))
    assert (token.user, token.name, token.read_only) == (cast.viewer, "ci", False)
    assert AuditEntry.objects.get().actor == "manage.py create_token"


def test_a_token_may_be_for_reading_only(cast: Cast) -> None:
    create("viewer", "--name", "ci", "--read-only")
    assert Token.objects.get().read_only


def test_a_token_may_expire(cast: Cast) -> None:
    create("viewer", "--name", "ci", "--expires-in-days", "30")
    expires_at = Token.objects.get().expires_at
    assert expires_at
    assert timedelta(days=29, hours=23) < expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "soon", "", "36501", "9" * 5000, "³"])
def test_days_are_whole_and_at_least_one(cast: Cast, days: str) -> None:
    with pytest.raises(CommandError, match="not a whole number of days from 1 to 36500"):
        create("viewer", "--name", "ci", f"--expires-in-days={days}")
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("noone", "--name", "ci"), "nobody active with the user name noone"),
        (("viewer", "--name", " "), "a name of 1 to 100"),
        (("owner", "--name", "ci"), "has a token named ci already"),
        (("viewer",), "--name"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(cast: Cast, arguments: tuple[str, ...], message: str) -> None:
    create("owner", "--name", "ci")
    with pytest.raises(CommandError, match=message):
        create(*arguments)
    assert Token.objects.count() == 1


def test_an_inactive_account_gets_no_token(cast: Cast) -> None:
    User.objects.filter(username="viewer").update(is_active=False)
    with pytest.raises(CommandError, match="nobody active"):
        create("viewer", "--name", "ci")
