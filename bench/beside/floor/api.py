# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""Runtimes for programs: the wire's JSON, pieced together from texts, and bare writes with their audit row.

Who calls is asked in the same statement, by the digest of the token.
"""

from __future__ import annotations

import json
import re
import secrets
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from bench.beside.floor.runtimes import TABLES
from bench.beside.floor.scope import Cut, within

CALLER: Final = """SELECT u.id, u.username || ' (token ' || k.name || ')' AS name FROM console_token k
    JOIN console_user u ON u.id = k.user_id WHERE k.digest = %s AND k.revoked_at IS NULL AND u.is_active"""
_KNOWN: Final = f"EXISTS ({CALLER})"
_COLUMNS: Final = """t.uid AS uid, t.display_name AS name, t.description AS description, w.uid AS place,
    t.model_type_id AS type, iw.uid AS image_place, i.uid AS image, v.version AS version,
    t.environment_variables::text AS environment, t.data_volume_read_only AS read_only, t.volumes::text AS volumes,
    t.security_context::text AS context, t.scoring_endpoint AS endpoint, t.selector::text AS selector,
    t.state AS state, t.api_state AS api_state, t.platform_state AS platform_state, t.api_reason AS api_reason,
    t.platform_reason AS platform_reason, t.api_state_at AS api_at, t.platform_state_at AS platform_at,
    t.created_at AS created, t.updated_at AS updated, t.managed_by_bootstrap AS managed"""
_NUMBERS: Final = re.compile(r'("runAs(?:User|Group)": )(\d+)')
_AUDIT: Final = """INSERT INTO console_auditentry
    (at, actor_kind, actor, verb, subject_kind, subject, workspace, reason, before, after, request_id)
    SELECT now(), 'token', caller.name, %s, 'runtime', 'workspaces/' || %s || '/runtimes/' || made.uid, %s, %s,
        '{}', %s, '' FROM made, caller RETURNING subject"""


@login_not_required
def runtime_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """A page of runtimes by name and id."""
    cut = Cut(f"AND {_KNOWN}", [_digest(request)], ("t.display_name", "t.uid"), request.GET.dict())
    rows = _rows(*cut.rows(workspace, _COLUMNS, TABLES))
    shown = rows[: cut.size]
    following = cut.start_after(shown[-1]) if len(rows) > cut.size else ""
    return _json(f'{{"runtimes":[{",".join(map(_text, shown))}],"nextPageToken":{json.dumps(following)}}}')


@login_not_required
def runtime_count(request: HttpRequest, workspace: str) -> HttpResponse:
    """How many there are."""
    scope, values = within(workspace)
    statement = f"SELECT count(*) FROM runtimes_runtime t WHERE {scope} AND {_KNOWN}"
    return _json(f'{{"count":"{_rows(statement, [*values, _digest(request)])[0]["count"]}"}}')


@login_not_required
def runtime_get(request: HttpRequest, workspace: str, uid: str) -> HttpResponse:
    """One by its id."""
    statement = f"SELECT {_COLUMNS} FROM {TABLES} WHERE w.uid = %s AND t.uid = %s AND {_KNOWN}"
    return _json(f'{{"runtime":{_text(_rows(statement, [workspace, uid, _digest(request)])[0])}}}')


@csrf_exempt
@login_not_required
def runtime_create(request: HttpRequest, workspace: str) -> HttpResponse:
    """A bare INSERT with its audit row."""
    given = json.loads(request.body)
    _, place, _, image = given["runtimeImage"].split("/")
    statement = f"""WITH caller AS ({CALLER}), made AS (INSERT INTO runtimes_runtime
        (workspace_id, uid, display_name, description, model_type_id, image_id, environment_variables, volumes,
         security_context, selector, scoring_endpoint, api_state, api_reason, api_state_by, platform_reason, revision,
         created_at, updated_at)
        SELECT w.id, %s, %s, '', %s, i.id, %s, '[]', '{{}}', %s, '', 'ACTIVE', '', '', '', 1, now(), now()
        FROM console_workspace w, runtimes_runtimeimage i JOIN console_workspace iw ON iw.id = i.workspace_id, caller
        WHERE w.uid = %s AND iw.uid = %s AND i.uid = %s RETURNING uid) {_AUDIT}"""
    environment, selector = json.dumps(given["environmentVariables"]), json.dumps(given["selector"])
    values = [f"r-{secrets.token_hex(6)}", given["displayName"], given["modelType"], environment, selector]
    return _written(request, statement, [*values, workspace, place, image], workspace, "create", "", given)


@csrf_exempt
@login_not_required
def runtime_patch(request: HttpRequest, workspace: str, uid: str) -> HttpResponse:
    """A bare UPDATE with its audit row."""
    given = json.loads(request.body)
    change = "description = %s, updated_at = now(), revision = t.revision + 1"
    return _changed(request, workspace, uid, change, [given["description"]], "update", "", given)


@csrf_exempt
@login_not_required
def runtime_state(request: HttpRequest, workspace: str, uid: str) -> HttpResponse:
    """A bare UPDATE of a state with its audit row."""
    given = json.loads(request.body)
    change = """api_state = %s, api_reason = %s, api_state_at = now(), api_state_by = caller.name,
        updated_at = now(), revision = t.revision + 1"""
    values = [given["state"], given["reason"]]
    return _changed(request, workspace, uid, change, values, given["verb"], given["reason"], {"state": given["state"]})


def _changed(
    request: HttpRequest,
    workspace: str,
    uid: str,
    change: str,
    values: list[Any],
    verb: str,
    reason: str,
    after: dict[str, Any],
) -> HttpResponse:
    statement = f"""WITH caller AS ({CALLER}), made AS (UPDATE runtimes_runtime t SET {change}
        FROM console_workspace w, caller WHERE w.id = t.workspace_id AND w.uid = %s AND t.uid = %s
        RETURNING t.uid) {_AUDIT}"""
    return _written(request, statement, [*values, workspace, uid], workspace, verb, reason, after)


def _written(
    request: HttpRequest,
    statement: str,
    values: list[Any],
    workspace: str,
    verb: str,
    reason: str,
    after: dict[str, Any],
) -> HttpResponse:
    audit = [verb, workspace, workspace, reason, json.dumps(after)]
    rows = _rows(statement, [_digest(request), *values, *audit])
    return _json(f'{{"name":{json.dumps(rows[0]["subject"])}}}')


def _rows(statement: str, values: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _digest(request: HttpRequest) -> str:
    return sha256(request.headers.get("Authorization", "").removeprefix("Bearer ").encode()).hexdigest()


def _json(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/json")


def _text(row: dict[str, Any]) -> str:
    """A runtime as the wire has it; JSON columns are texts already."""
    image = f"workspaces/{row['image_place']}/runtimeImages/{row['image']}"
    pinned = f"{image}/versions/{row['version']}" if row["version"] else image
    held = row["platform_state"] == row["state"] != row["api_state"]
    both = row["platform_state"] == row["api_state"] != "ACTIVE"
    reason = row["platform_reason"] if held or (both and not row["api_reason"]) else row["api_reason"]
    at = row["platform_at"] if held else row["api_at"]
    parts = [
        f'"name":"workspaces/{row["place"]}/runtimes/{row["uid"]}","displayName":{json.dumps(row["name"])}',
        f'"description":{json.dumps(row["description"])},"modelType":"{row["type"]}","runtimeImage":"{pinned}"',
        f'"environmentVariables":{row["environment"]},"volumes":{row["volumes"]},"selector":{row["selector"]}',
        f'"scoringEndpoint":"{row["endpoint"]}","state":"{row["state"]}"',
        f'"createTime":"{_instant(row["created"])}","updateTime":"{_instant(row["updated"])}"',
        f'"managedByBootstrap":{json.dumps(row["managed"])}',
    ]
    if row["read_only"] is not None:
        parts.append(f'"dataVolumeReadOnly":{json.dumps(row["read_only"])}')
    if row["context"] != "{}":
        parts.append(f'"securityContext":{_NUMBERS.sub(_quoted, row["context"])}')
    if reason:
        parts.append(f'"stateReason":{json.dumps(reason)}')
    if at is not None:
        parts.append(f'"stateUpdateTime":"{_instant(at)}"')
    return f"{{{','.join(parts)}}}"


def _quoted(found: re.Match[str]) -> str:
    return f'{found[1]}"{found[2]}"'


def _instant(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")
