"""The compositions of a new deployment: rows that come and go by plain buttons, each with what it may pick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from django.http import QueryDict

from deployments.actions.deployments import Wish
from deployments.models import Experiment
from deployments.offers import Offer
from deployments.planning.matching import Match
from deployments.planning.modes import COMPOSITIONS_MAX, Mode
from deployments.web.forms import CompositionForm
from runtimes.web.rows import Rows, change_rows, rows_of, typed_rows

PREFIX: Final = "composition"
ROWS_MAX: Final = 2 * COMPOSITIONS_MAX
_Rows = rows_of(CompositionForm, ROWS_MAX)


class CompositionRows:
    """The rows of the form; `offer` has to fill their pickers before they are shown."""

    def __init__(self, data: QueryDict | None = None, initial: Sequence[Mapping[str, Any]] = ()) -> None:
        self.formset: Rows = _Rows(data, prefix=PREFIX, initial=initial)
        for row in self.rows:
            # Every row is meant: one left blank is a fault and not skipped.
            row.empty_permitted = False

    @classmethod
    def retyped(cls, data: QueryDict) -> CompositionRows:
        """What was typed so far, unchecked, with one row more or less where a button for that was pressed."""
        rows = typed_rows(data, PREFIX, CompositionForm)
        change_rows(data, {PREFIX: rows})
        return cls(initial=rows[:ROWS_MAX])

    @property
    def parts(self) -> tuple[Rows]:
        """What the summary of errors goes through."""
        return (self.formset,)

    @property
    def rows(self) -> list[CompositionForm]:
        """The forms of the rows."""
        return cast("list[CompositionForm]", self.formset.forms)

    @property
    def chosen(self) -> set[str]:
        """The ids of the experiments that were picked so far."""
        return {row.picked for row in self.rows} - {""}

    def offer(self, experiments: Sequence[Experiment], offers: Mapping[str, Offer], address: str) -> None:
        """Fill the pickers: experiments, and for a row with one the runtimes that take it."""
        names = [("", "Choose an experiment"), *((each.uid, _label(each)) for each in experiments)]
        for row in self.rows:
            row.offer = offers.get(row.picked)
            picker = row.fields["experiment"].widget
            picker.choices = names
            # With scripts the runtimes are offered at once; without, there is a button.
            picker.attrs |= {"hx-post": address, "hx-trigger": "change", "hx-vals": '{"offer": "1"}'}
            _offer_runtimes(row)

    def is_valid(self) -> bool:
        """Whether every row is well formed."""
        return self.formset.is_valid()

    def wishes(self, mode: Mode) -> list[Wish]:
        """What is to be made; weights count in an A/B split only."""
        return [
            Wish(
                experiment=row.cleaned_data["experiment"],
                runtime=row.cleaned_data["runtime"],
                weight=row.cleaned_data["weight"] if mode is Mode.SPLIT else None,
            )
            for row in self.rows
        ]

    def warnings(self) -> list[str]:
        """What to know about the runtimes that were picked."""
        found = {}
        for row in self.rows:
            for each in row.offer.fitting if row.offer else ():
                if each.warning and each.candidate.runtime.name == row.cleaned_data["runtime"]:
                    found[each.candidate.runtime.display_name] = each.warning
        return [f"{name}: {warning}" for name, warning in found.items()]

    def blame(self, path: str, sentence: str) -> bool:
        """Put a fault of the rules at its row, or at the rows as a whole; answers False for faults of the main form."""
        part, _, rest = path.partition(".")
        if part != "compositions":
            return False
        number, _, name = rest.partition(".")
        if number.isdigit() and int(number) < len(self.rows) and name in CompositionForm.base_fields:
            self.rows[int(number)].add_error(name, sentence)
        else:
            self.formset.non_form_errors().append(sentence)
        return True


def _offer_runtimes(row: CompositionForm) -> None:
    picker = row.fields["runtime"].widget
    if row.offer is None:
        picker.choices = [("", "Choose an experiment first")]
        return
    choices = [(each.candidate.runtime.name, _runtime_label(each)) for each in row.offer.fitting]
    if row.is_bound:
        posted = str(row["runtime"].value() or "")
        if posted and posted not in dict(choices):
            # What does not match stays to be seen beside the refusal.
            choices.append((posted, posted))
    elif row.initial.get("runtime") not in dict(choices):
        row.initial["runtime"] = choices[0][0] if len(choices) == 1 else ""
    picker.choices = [("", "Choose a runtime" if choices else "No runtime matches"), *choices]


def _label(experiment: Experiment) -> str:
    return f"{experiment.display_name} ({experiment.model_type_id or 'no model type'})"


def _runtime_label(answer: Match) -> str:
    version = f" {answer.version.number}" if answer.version else ""
    return f"{answer.candidate.runtime.display_name}, now{version}" + (" (deprecated)" if answer.warning else "")
