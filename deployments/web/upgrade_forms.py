"""What people choose in the upgrade wizard; whether it can be done, the plan says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from deployments.planning import (
    WILDCARD,
    ImageFact,
    Keep,
    Latest,
    Target,
    ToImage,
    ToVersion,
    parse_target,
    target_text,
)
from deployments.planning.modes import COMPOSITIONS_MAX
from runtimes.rules.lifecycle import REASON_MAX, State

Groups: TypeAlias = "Sequence[tuple[str, list[tuple[str, str]]]]"

# As many as people can put into one deployment.
SELECTS_MAX: Final = COMPOSITIONS_MAX
VERSIONS_MAX: Final = 200
LATEST: Final = target_text(Latest())
KEEP: Final = target_text(Keep())
OTHERS: Final = "others"
_PREFIX: Final = "target-"
_LONGEST: Final = 500
_PLAIN: Final = [(LATEST, "Latest"), (KEEP, "Keep current version")]


class TargetSelect(forms.Select):
    """A select with choices of its own, and after them those that all of its kind share: these come as HTML."""

    shared: SafeString = SafeString("")

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """The control, with the chosen one of all choices selected."""
        mark = f'value="{escape(value)}"'
        shared = self.shared.replace(mark, f"{mark} selected", 1) if value else self.shared
        return format_html(
            '<select name="{}"{}>{}{}</select>',
            name,
            flatatt(self.build_attrs(self.attrs, attrs)),
            _options(self.choices, chosen=str(value or "")),
            SafeString(shared),  # a word put into what is safe
        )


class _TargetField(forms.ChoiceField):
    """One target; what is not offered, or no more, is taken as well if it is one: the plan tells why it cannot be."""

    widget = TargetSelect
    default_error_messages = {"invalid_choice": "Choose one of these targets."}

    def valid_value(self, value: Any) -> bool:
        text = str(value)
        try:
            parse_target(text)
        except ValueError:
            return False
        # A plan is kept with its targets, and the database takes no NUL.
        return len(text) <= _LONGEST and "\x00" not in text


class UpgradeForm(forms.Form):
    """A target for each experiment, for those that have none of their own, and why it is done."""

    others = _TargetField(
        label="All other experiments",
        initial=LATEST,
        help_text="What becomes of every experiment without a target of its own.",
    )
    leave_out_blocked = forms.BooleanField(label="Leave out what is blocked", required=False)
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": ""}),
        help_text=f"1 to {REASON_MAX:,} characters; it stands in the audit trail and on the page of the rollout.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None, *, experiments: Iterable[tuple[str, str, str]], images: Groups
    ) -> None:
        """`experiments` are (ID, name, what is known of its version) of those that get a field of their own."""
        super().__init__(data)
        self._own: dict[str, str] = {}
        for uid, name, known in experiments:
            self._own[uid] = f"{_PREFIX}{uid}"
            self.fields[self._own[uid]] = _TargetField(label=f"Target for {name}", required=False, help_text=known)
        offered = {LATEST, KEEP, "", *(key for _, choices in images for key, _ in choices)}
        groups = format_html_join(
            "", '<optgroup label="{}">{}</optgroup>', ((name, _options(choices)) for name, choices in images)
        )
        shared = _options(_PLAIN) + groups
        for field_name in (OTHERS, *self._own.values()):
            widget = self.fields[field_name].widget
            first = [] if field_name == OTHERS else [("", "As all other experiments")]
            widget.choices = [*first, *_sent(self.data.get(field_name, ""), offered)]
            widget.shared = shared

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The fields of the experiments that have one."""
        return [self[name] for name in self._own.values()]

    def targets(self) -> dict[str, Target]:
        """What a valid form asks for, by experiment."""
        chosen = {uid: self.cleaned_data[name] for uid, name in self._own.items() if self.cleaned_data[name]}
        return {uid: parse_target(text) for uid, text in (chosen | {WILDCARD: self.cleaned_data[OTHERS]}).items()}

    def complain_about_reason(self, sentence: str) -> None:
        """Say what is wrong with the reason, and lead there."""
        self.add_error("reason", sentence)
        self.fields["reason"].widget.attrs["autofocus"] = True


def image_groups(images: Iterable[ImageFact], first: Iterable[str]) -> tuple[Groups, int]:
    """The images with their versions as choices, those named in `first` at the top, and how many versions are left out.

    Disabled ones can be chosen, marked as what they are: the preview says why they are blocked, and the cure.
    """
    wanted = set(first)
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    left, left_out = VERSIONS_MAX, 0
    for image in sorted(images, key=lambda each: each.name not in wanted):
        shown = image.versions[: max(left, 0)]
        left, left_out = left - len(shown), left_out + len(image.versions) - len(shown)
        current = f"current version, {image.current.number}" if image.current else "no usable version"
        follow = (target_text(ToImage(image.name)), f"{image.display_name} ({current}){_note(image.state)}")
        pins = [
            (target_text(ToVersion(each.name)), f"{image.display_name} {each.number}{_note(each.state)}")
            for each in shown
        ]
        groups.append((f"{image.display_name}{_note(image.state)}", [follow, *pins]))
    return groups, left_out


def _options(choices: Iterable[tuple[Any, Any]], chosen: str | None = None) -> SafeString:
    marked = ((value, " selected" if value == chosen else "", label) for value, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', marked)


def _note(state: State) -> str:
    return "" if state == State.ACTIVE else f" ({state.lower()})"


def _sent(value: Any, offered: Collection[str]) -> list[tuple[str, str]]:
    """What was sent but is not offered, so that it is shown as what was chosen."""
    text = str(value or "")
    return [] if text in offered else [(text, text.partition(":")[2] or text)]
