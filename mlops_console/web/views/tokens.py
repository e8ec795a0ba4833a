"""Bearer tokens: a person's own with the form that makes them, and those of the members of a workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Right
from mlops_console.actions.tokens import issue_token, revoke_token
from mlops_console.errors import Missing
from mlops_console.models import Token
from mlops_console.queries import tokens_of, tokens_of_members
from mlops_console.web import lists
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import TokenFilterForm, TokenForm, add_faults
from mlops_console.web.http import ConsoleRequest, enter_workspace, person_of
from mlops_console.web.submission import Submission, submit
from mlops_console.web.templatetags.console import relative

# Expiry and last use may be missing, and what is missing has no place in an order by keyset.
ORDERS: Final[dict[str, tuple[str, ...]]] = {"name": ("name",), "created": ("created_at",)}
MEMBERS_ORDERS: Final = ORDERS | {"owner": ("user__username",)}


@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: ConsoleRequest) -> HttpResponse:
    """A person's own tokens; the answer to a POST is the one time that the secret of a new one is shown."""
    now = timezone.now()
    form = TokenForm(request.POST or None)
    outcome = _issue(request, form, now)
    filters = TokenFilterForm(request.GET)
    query = lists.read(request, ORDERS, "-created")
    if outcome.done:
        # The new one is on the first page, whatever page the address names.
        query = replace(query, token="")
    rows = _narrowed(tokens_of(person_of(request), now=now), filters, "name")
    context: dict[str, Any] = lists.context(rows, query, f"tokens {person_of(request).pk} {_binding(filters)}")
    context |= {"filters": filters, "form": form}
    if outcome.done:
        made, secret = outcome.done
        context |= {"made": made, "secret": secret, "form": TokenForm(), "curl": _curl(request)}
    response = render(request, "mlops_console/token_list.html", context, status=outcome.status)
    if outcome.done:
        # Neither the browser nor a proxy may keep the one answer that holds a secret.
        response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def token_revoke(request: ConsoleRequest, token: int) -> HttpResponse:
    """Asks before a person's own token is revoked."""
    now = timezone.now()
    row = _found(tokens_of(person_of(request), now=now), token)
    return ask_deletion(
        request,
        _question(row, f"Token {row.name}", reverse("console:token-list"), now),
        lambda: revoke_token(actor=request.actor, token_id=row.pk, now=now),
    )


@require_GET
def workspace_token_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The tokens of the members of a workspace, for its admins."""
    row = enter_workspace(request, workspace)
    request.actor.require(Right.MANAGE_TOKENS, row)
    filters = TokenFilterForm(request.GET)
    query = lists.read(request, MEMBERS_ORDERS, "-created")
    tokens = tokens_of_members(row, now=timezone.now())
    rows = _narrowed(tokens, filters, "name", "user__username", "user__display_name")
    context: dict[str, Any] = lists.context(rows, query, f"tokens in {row.uid} {_binding(filters)}")
    context |= {"workspace": row, "filters": filters}
    return render(request, "mlops_console/workspace_token_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_token_revoke(request: ConsoleRequest, workspace: str, token: int) -> HttpResponse:
    """Asks before the token of a member is revoked."""
    row = enter_workspace(request, workspace)
    request.actor.require(Right.MANAGE_TOKENS, row)
    now = timezone.now()
    found = _found(tokens_of_members(row, now=now), token)
    back = reverse("console:workspace-token-list", args=[row.uid])
    return ask_deletion(
        request,
        _question(found, f"Token {found.name} of {found.user}", back, now),
        lambda: revoke_token(actor=request.actor, token_id=found.pk, now=now, workspace=row),
    )


def _issue(request: ConsoleRequest, form: TokenForm, now: datetime) -> Submission[tuple[Token, str]]:
    return submit(
        request,
        check=form.is_valid,
        perform=lambda: issue_token(actor=request.actor, user=person_of(request), now=now, **form.cleaned_data),
        blame=partial(add_faults, form),
    )


def _curl(request: ConsoleRequest) -> str:
    """A first request to try; the shell puts the token in, so that it is in no history and no address."""
    return f'curl -H "Authorization: Bearer $TOKEN" {request.build_absolute_uri("/api/me")}'


def _found(tokens: QuerySet[Token], key: int) -> Token:
    token = tokens.filter(pk=key).first()
    if token is None:
        raise Missing("There is no such token.")
    return token


def _question(token: Token, subject: str, back: str, now: datetime) -> Deletion:
    used = f"last used {relative(token.last_used_at, now)}" if token.last_used_at else "never used"
    return Deletion(
        subject=subject,
        lead=f"It was {used}. Programs that present it are refused at once, in every workspace; this cannot be undone.",
        back=back,
        done_back=back,
        verb="Revoke",
        done="revoked",
    )


def _narrowed(rows: QuerySet[Token], filters: TokenFilterForm, *searched: str) -> QuerySet[Token]:
    wanted = Q(state=filters.chosen_state) if filters.chosen_state else Q()
    if filters.text:
        wanted &= Q(*((f"{column}__icontains", filters.text) for column in searched), _connector=Q.OR)
    return rows.filter(wanted)


def _binding(filters: TokenFilterForm) -> str:
    return f"{filters.chosen_state} {filters.text}"
