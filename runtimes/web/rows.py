"""Forms with rows that are added and removed by plain submit buttons, and their way to and from stored values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict

from runtimes.rules.runtime import RuntimeSpec
from runtimes.web.forms import PairForm, SecurityContextForm, VolumeForm

ROWS_MAX: Final = 1_000
_TOO_MANY: Final = "More than {most:,} rows were sent; only the first {most:,} are kept here."
_REPEATED: Final = ("env", "volume", "selector")
_SECURITY: Final = {
    "run_as_non_root": "runAsNonRoot",
    "run_as_user": "runAsUser",
    "run_as_group": "runAsGroup",
    "read_only_root_filesystem": "readOnlyRootFilesystem",
    "allow_privilege_escalation": "allowPrivilegeEscalation",
    "privileged": "privileged",
}

Rows: TypeAlias = "BaseFormSet[forms.Form]"


def rows_of(form: type[forms.Form], most: int = ROWS_MAX) -> type[Rows]:
    """A formset without any row but those it is given."""

    # The rules say how many rows there may be; this bound only keeps a hostile form from filling the memory.
    class RowsOfForm(formset_factory(form, extra=0, max_num=most, absolute_max=most)):  # type: ignore[misc]
        default_error_messages = BaseFormSet.default_error_messages | {"too_many_forms": _TOO_MANY.format(most=most)}

    return RowsOfForm


_Pairs, _Volumes = rows_of(PairForm), rows_of(VolumeForm)


class RuntimeRows:
    """The repeated parts of the runtime form: env vars, volumes, selector, and the security context."""

    def __init__(self, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> None:
        start = initial or {}
        self.env: Rows = _Pairs(data, prefix="env", initial=start.get("env"))
        self.volumes: Rows = _Volumes(data, prefix="volume", initial=start.get("volume"))
        self.selector: Rows = _Pairs(data, prefix="selector", initial=start.get("selector"))
        self.security = SecurityContextForm(data, prefix="security", initial=start.get("security"))

    @classmethod
    def stored(cls, spec: RuntimeSpec) -> RuntimeRows:
        """The rows of what is stored."""
        return cls(
            initial={
                "env": _pairs(spec.environment_variables),
                "volume": [_volume_initial(each) for each in spec.volumes],
                "selector": _pairs(spec.selector),
                "security": security_initial(spec.security_context),
            }
        )

    @classmethod
    def retyped(cls, data: QueryDict) -> RuntimeRows:
        """What was typed so far, unchecked, with one row more or less as the pressed button says.

        `add` names a formset (`env`), `remove` one of its rows (`env-3`).
        """
        initial: dict[str, Any] = {
            "env": typed_rows(data, "env", PairForm),
            "volume": typed_rows(data, "volume", VolumeForm),
            "selector": typed_rows(data, "selector", PairForm),
            "security": typed(data, SecurityContextForm, "security-"),
        }
        change_rows(data, {prefix: initial[prefix] for prefix in _REPEATED})
        return cls(initial=initial)

    @property
    def parts(self) -> tuple[Rows | forms.Form, ...]:
        """All of them, for checking and for the summary of errors."""
        return (self.env, self.volumes, self.selector, self.security)

    def is_valid(self) -> bool:
        """Whether every part is well formed; a key given twice is a fault of its second row."""
        well_formed = [part.is_valid() for part in self.parts]
        return all(well_formed) and not (_refuse_twice(self.env) | _refuse_twice(self.selector))

    def values(self) -> dict[str, Any]:
        """The fields of RuntimeSpec that the rows make up; blank rows count for nothing."""
        return {
            "environment_variables": _map(self.env),
            "volumes": [_volume(row.cleaned_data) for row in _filled(self.volumes)],
            "selector": _map(self.selector),
            "security_context": _security(self.security.cleaned_data),
        }

    def blame(self, path: str, sentence: str) -> bool:
        """Put a fault of the rules at its row, or at the rows as a whole; answers False for faults of the main form."""
        part, _, rest = path.partition(".")
        if part == "security_context":
            field = _security_place(rest)
            self.security.add_error(field, sentence)
            return True
        rows = {"environment_variables": self.env, "selector": self.selector, "volumes": self.volumes}.get(part)
        if rows is None:
            return False
        place = _volume_place(rows, rest) if part == "volumes" else _pair_place(rows, rest)
        if place is None:
            rows.non_form_errors().append(sentence)
        else:
            row, name = place
            row.add_error(name, sentence)
        return True


def changes_rows(data: QueryDict) -> bool:
    """Whether a button that adds or removes a row was pressed, rather than the one that saves."""
    return "add" in data or "remove" in data


def change_rows(data: QueryDict, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Append the row, or take away the one, that a pressed button names: `add` a formset, `remove` one of its rows."""
    if (added := data.get("add", "")) in rows and len(rows[added]) < ROWS_MAX:
        rows[added].append({})
    prefix, _, row = data.get("remove", "").rpartition("-")
    if prefix in rows and (number := _number(row)) is not None:
        del rows[prefix][number : number + 1]


def typed(data: QueryDict, form: type[forms.Form], prefix: str = "") -> dict[str, str | None]:
    """What was typed into a form, as initial values for a fresh one that is not checked yet."""
    return {name: data.get(prefix + name) for name in form.base_fields}


def _number(text: str) -> int | None:
    """A row number or a count as a browser sends it, None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def typed_rows(data: QueryDict, prefix: str, form: type[forms.Form]) -> list[dict[str, Any]]:
    """What was typed into the rows of a formset, as initial values for fresh ones."""
    count = min(_number(data.get(f"{prefix}-TOTAL_FORMS", "")) or 0, ROWS_MAX)
    return [typed(data, form, f"{prefix}-{row}-") for row in range(count)]


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(values.items())]


def _filled(rows: Rows) -> list[forms.Form]:
    """Rows in which something was typed; a choice with a default does not count."""
    return [row for row in rows if any(value for key, value in row.cleaned_data.items() if key != "type")]


def _map(rows: Rows) -> dict[str, str]:
    return {row.cleaned_data["key"]: _lines(row.cleaned_data["value"]) for row in _filled(rows)}


def _lines(text: str) -> str:
    """Browsers send line ends as CR LF."""
    return text.replace("\r\n", "\n")


def _refuse_twice(rows: Rows) -> bool:
    seen: set[str] = set()
    twice = False
    for row in _filled(rows):
        key = row.cleaned_data["key"]
        if key in seen:
            row.add_error("key", f"{key} is given twice.")
            twice = True
        seen.add(key)
    return twice


def _pair_place(rows: Rows, key: str) -> tuple[forms.Form, str] | None:
    return next(((row, "value" if key else "key") for row in _filled(rows) if row.cleaned_data["key"] == key), None)


def _volume_place(rows: Rows, path: str) -> tuple[forms.Form, str] | None:
    number, _, field = path.partition(".")
    filled = _filled(rows)
    if not number.isdigit() or int(number) >= len(filled):
        return None
    names = {"id": "id", "type": "type", "properties": "properties", "readOnly": "read_only"}
    return filled[int(number)], names.get(field.partition(".")[0], "mount_paths")


def _volume(data: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, str] = {}
    for line in data["properties"].splitlines():
        key, _, value = line.partition("=")
        if line.strip():
            properties[key.strip()] = value.strip()
    return {
        "id": data["id"],
        "type": data["type"] or "EMPTY_DIR",
        "readOnly": data["read_only"],
        "mountPaths": [line.strip() for line in data["mount_paths"].splitlines() if line.strip()],
        "properties": properties,
    }


def _volume_initial(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": volume.get("id", ""),
        "type": volume.get("type", ""),
        "read_only": volume.get("readOnly", False),
        "mount_paths": "\n".join(volume.get("mountPaths", ())),
        "properties": "\n".join(f"{key}={value}" for key, value in volume.get("properties", {}).items()),
    }


def _security(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[field] for field, name in _SECURITY.items() if data[field] not in (None, "")} | {
        "capabilities": {verb: _commas(data[f"capabilities_{verb}"]) for verb in ("add", "drop")},
        "seccompProfile": {
            "type": data["seccomp_type"],
            "localhostProfile": data["seccomp_localhost_profile"],
        },
    }


def security_initial(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored security context as its form shows it."""
    words = {True: "true", False: "false"}
    values = {field: stored.get(name) for field, name in _SECURITY.items()}
    capabilities, seccomp = stored.get("capabilities", {}), stored.get("seccompProfile", {})
    return {field: words[value] if isinstance(value, bool) else value for field, value in values.items()} | {
        "capabilities_add": ", ".join(capabilities.get("add", ())),
        "capabilities_drop": ", ".join(capabilities.get("drop", ())),
        "seccomp_type": seccomp.get("type", ""),
        "seccomp_localhost_profile": seccomp.get("localhostProfile", ""),
    }


def _security_place(path: str) -> str | None:
    by_name: dict[str, str] = {name: field for field, name in _SECURITY.items()} | {
        "seccompProfile.type": "seccomp_type",
        "seccompProfile.localhostProfile": "seccomp_localhost_profile",
    }
    if path.startswith("capabilities."):
        return "_".join(path.split(".")[:2])
    return by_name.get(path)


def _commas(text: str) -> Sequence[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
