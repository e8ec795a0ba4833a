"""The shapes of what people type about deployments and experiments; the rules check what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse

from deployments.lists import USES
from deployments.offers import Offer
from deployments.planning.modes import COMPOSITIONS_MAX, WEIGHT_MAX, Mode
from deployments.rollouts.snapshot import Health
from deployments.storage import SIZE_MAX
from runtimes.models import ModelType
from runtimes.rules.names import DESCRIPTION_MAX, DISPLAY_NAME_MAX

DRIFTED: Final = "DRIFTED"  # beside the healths
_HEALTHS: Final = [
    ("", "Any state"),
    *((health.value, health.label) for health in Health),
    (DRIFTED, "Drift"),
]
_MODES: Final = [("", "Any mode"), *((mode.value, mode.label) for mode in Mode)]
NAME_MAX: Final = 500
_UPGRADES: Final = [("", "Either"), ("yes", "Yes"), ("no", "No")]


class UseField(forms.CharField):
    """Something that deployments run on, by its name; what there is comes when the field is entered."""

    def __init__(self, label: str, nothing: str) -> None:
        super().__init__(label=label, required=False, max_length=NAME_MAX)
        self.widget.attrs |= {"placeholder": nothing, "autocomplete": "off"}
        self.choices: list[tuple[str, str]] = []

    def ask(self, field: str, url: str, asked: str) -> None:
        """Lead to what there is, and call what was asked for, a resource name, by its last part."""
        self.choices = [(asked, asked.rpartition("/")[2])]
        # Nothing of how the form around it swaps the rows.
        inherited = dict.fromkeys(("hx-select", "hx-select-oob", "hx-indicator", "hx-sync"), "unset")
        self.widget.attrs |= inherited | {
            "list": f"offers-{field}",
            "hx-get": url,
            "hx-trigger": "focus once",
            "hx-target": f"#offers-{field}",
            "hx-swap": "innerHTML",
            "hx-push-url": "false",
        }


class DeploymentFilterForm(forms.Form):
    """What the list of deployments narrows by."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.SearchInput)
    state = forms.ChoiceField(label="State", required=False, choices=_HEALTHS)
    mode = forms.ChoiceField(label="Mode", required=False, choices=_MODES)
    runtime = UseField("Runtime", "Any runtime")
    image = UseField("Runtime image", "Any image")
    version = UseField("Version", "Any version")
    upgrade = forms.ChoiceField(label="Upgrade available", required=False, choices=_UPGRADES)

    def __init__(self, data: Mapping[str, Any], scope: str) -> None:
        super().__init__(data)
        for name in USES:
            url = reverse("deployments:deployment-offers", args=[scope, name])
            self.fields[name].ask(name, url, str(data.get(name, "")))  # type: ignore[attr-defined]


class ExperimentFilterForm(forms.Form):
    """What the list of experiments narrows by."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.SearchInput)
    model_type = forms.ChoiceField(label="Model type", required=False)

    def __init__(self, data: Mapping[str, Any], model_types: Sequence[ModelType]) -> None:
        super().__init__(data)
        names = [(each.name, each.name) for each in model_types]
        self.fields["model_type"].choices = [("", "Any model type"), *names]  # type: ignore[attr-defined]


class ExperimentForm(forms.Form):
    """A trained model to upload."""

    display_name = forms.CharField(label="Name", max_length=DISPLAY_NAME_MAX)
    description = forms.CharField(
        label="Description", required=False, max_length=DESCRIPTION_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )
    model_type = forms.ChoiceField(
        label="Model type",
        required=False,
        help_text="It decides which runtimes can serve the experiment; without one, those of every type can.",
    )
    metadata = forms.CharField(
        label="Metadata",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
        help_text="One entry a line, as key=value. The selectors of runtimes are compared with it.",
    )
    file = forms.FileField(
        label="Artifact",
        max_length=255,
        help_text=f"A .zip, or a model.json by itself; at most {SIZE_MAX // 1024**3} GiB.",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.json"}),
        error_messages={"empty": "The file is empty."},
    )

    def __init__(self, *args: Any, model_types: Sequence[ModelType]) -> None:
        super().__init__(*args)
        types = [(each.name, f"{each.display_name} ({each.name})") for each in model_types]
        self.fields["model_type"].choices = [("", "Not said"), *types]  # type: ignore[attr-defined]

    def clean_metadata(self) -> dict[str, str]:
        """The entries; every line that is none is named."""
        entries: dict[str, str] = {}
        faults = []
        for number, line in enumerate(self.cleaned_data["metadata"].splitlines(), start=1):
            key, mark, value = line.partition("=")
            key = key.strip()
            if not line.strip():
                continue
            if not mark or not key:
                faults.append(f"Line {number} is not of the form key=value.")
            elif key in entries:
                faults.append(f"Line {number} gives {key} a second time.")
            entries[key] = value.strip()
        if faults:
            raise forms.ValidationError(faults[:20])
        return entries

    def clean_file(self) -> UploadedFile[bytes]:
        """The file, if it is of a kind that scorers read."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        name = (file.name or "").lower()
        if not (name.endswith(".zip") or name == "model.json"):
            raise forms.ValidationError("Choose a .zip, or a file named model.json.")
        start = file.read(4)
        file.seek(0)
        if name.endswith(".zip") and start != b"PK\x03\x04":
            raise forms.ValidationError("The file is named .zip but is no zip.")
        return file


class DeploymentForm(forms.Form):
    """A new deployment without its compositions."""

    display_name = forms.CharField(label="Name", max_length=DISPLAY_NAME_MAX)
    description = forms.CharField(
        label="Description", required=False, max_length=DESCRIPTION_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )
    mode = forms.ChoiceField(
        label="Mode",
        choices=_MODES[1:],
        initial=Mode.SINGLE.value,
        widget=forms.RadioSelect,
        help_text="A single model has one composition; an A/B split shares requests by weight among 2 to "
        f"{COMPOSITIONS_MAX}; of champion and challenger the first one answers and the second one gets copies.",
    )


class CompositionForm(forms.Form):
    """One composition of a new deployment; what may be picked is offered row by row."""

    experiment = forms.CharField(label="Experiment", widget=forms.Select)
    runtime = forms.CharField(label="Runtime", widget=forms.Select)
    weight = forms.IntegerField(
        label="Weight",
        required=False,
        min_value=0,
        max_value=WEIGHT_MAX,
        initial=50,
        help_text=f"0 to {WEIGHT_MAX}; its share of the requests is its share of all weights.",
    )
    # What takes the picked experiment; None while none is picked.
    offer: Offer | None = None

    @property
    def picked(self) -> str:
        """The id of the picked experiment, checked or not; `""` for none."""
        return str(self["experiment"].value() or "")
