"""The shapes of what people type about images, versions and runtimes; the rules check what it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from runtimes.models import ModelType
from runtimes.models.search import words_query
from runtimes.queries import BOOTSTRAP, PEOPLE, RowFilter, RuntimeFilter
from runtimes.rules.lifecycle import State
from runtimes.rules.names import DESCRIPTION_MAX, DISPLAY_NAME_MAX
from runtimes.rules.versions import ARCHITECTURES

UID_HELP: Final = (
    "Optional and final: a lower-case letter, then lower-case letters, digits, - and _, 63 at most. "
    "Left empty, the console makes one up."
)
_STATES: Final = [("", "Any state"), *((state.value, state.value.title()) for state in State)]
_MANAGERS: Final = [("", "Anyone"), (PEOPLE, "People"), (BOOTSTRAP, "Bootstrap")]


class ImageFilterForm(forms.Form):
    """What the list of images narrows by."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.SearchInput)
    state = forms.ChoiceField(label="State", required=False, choices=_STATES)
    managed_by = forms.ChoiceField(label="Managed by", required=False, choices=_MANAGERS)

    @property
    def narrow(self) -> RowFilter:
        """What it narrows by; a value that is not offered narrows nothing, and is named at its field."""
        return RowFilter(**self._narrow())

    def _narrow(self) -> dict[str, Any]:
        self.is_valid()
        typed = self.cleaned_data
        return {
            "words": words_query(typed.get("q", "")),
            "state": typed.get("state", ""),
            "managed_by_bootstrap": {BOOTSTRAP: True, PEOPLE: False}.get(typed.get("managed_by", "")),
        }


class RuntimeFilterForm(ImageFilterForm):
    """What the list of runtimes narrows by."""

    model_type = forms.ChoiceField(label="Model type", required=False)
    field_order = ("q", "model_type", "state", "managed_by")

    def __init__(self, data: Mapping[str, Any], model_types: Iterable[str]) -> None:
        super().__init__(data)
        names = [(each, each) for each in model_types]
        self.fields["model_type"].choices = [("", "Any model type"), *names]  # type: ignore[attr-defined]

    @property
    def narrow(self) -> RuntimeFilter:
        """The same of runtimes."""
        return RuntimeFilter(**self._narrow(), model_type=self.cleaned_data.get("model_type", ""))


class ColumnsForm(forms.Form):
    """Which columns a table shows beside the name."""

    column = forms.MultipleChoiceField(label="Columns", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, columns: Mapping[str, str], data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["column"].choices = list(columns.items())  # type: ignore[attr-defined]


class ImageForm(forms.Form):
    """Name and description of an image."""

    display_name = forms.CharField(label="Name", max_length=DISPLAY_NAME_MAX)
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=DESCRIPTION_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)


class _ReferenceForm(forms.Form):
    reference = forms.CharField(
        label="Container image",
        max_length=512,
        help_text="For example registry.example.org:5000/h2oai/h2o3mojo-scorer:1.5.4",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    version = forms.CharField(
        label="Version",
        required=False,
        max_length=64,
        help_text="A semantic version such as v1.5.4; left empty, it is taken from the tag.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )


class ImageCreateForm(_ReferenceForm, ImageForm):
    """A new image, with its first version if there is one already."""

    uid = forms.CharField(label="ID", required=False, max_length=100, help_text=UID_HELP)
    field_order = ("display_name", "uid", "description", "reference", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reference"].required = False
        self.fields["reference"].help_text += ". Optional: versions can be added later."
        del self.fields["revision"]


class VersionForm(_ReferenceForm):
    """A new version of an image."""

    readiness_probe_path = forms.CharField(
        label="Readiness probe path",
        required=False,
        max_length=200,
        help_text="Where the scorer says that it is ready; left empty, /readyz.",
    )
    architectures = forms.MultipleChoiceField(
        label="Architectures",
        required=False,
        choices=[(each, each) for each in ARCHITECTURES],
        widget=forms.CheckboxSelectMultiple,
        help_text="Which machines it runs on; none chosen means any.",
    )


_TRISTATE: Final = [("", "Not set"), ("true", "Yes"), ("false", "No")]


def _tristate(label: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=_TRISTATE,
        coerce=lambda value: value == "true",
        empty_value=None,
        help_text=help_text,
    )


class SelectWidget(forms.Select):
    """A select of many options without groups, of which Django would render two templates each."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Its markup, as Django's templates write it."""
        widget = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "\n",
            '<option value="{}"{}>{}</option>',
            ((each["value"], flatatt(each["attrs"]), each["label"]) for _, [each], _ in widget["optgroups"]),
        )
        return format_html('<select name="{}"{}>\n{}\n</select>', widget["name"], flatatt(widget["attrs"]), options)


class RuntimeForm(forms.Form):
    """A runtime without its repeated rows; its model type and what it runs on are locked once it exists."""

    display_name = forms.CharField(label="Name", max_length=DISPLAY_NAME_MAX)
    uid = forms.CharField(label="ID", required=False, max_length=100, help_text=UID_HELP)
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=DESCRIPTION_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    model_type = forms.ChoiceField(label="Model type", widget=SelectWidget)
    runtime_image = forms.ChoiceField(label="Runtime image", widget=SelectWidget)
    pinned_version = forms.ChoiceField(
        label="Pinned version",
        required=False,
        widget=SelectWidget,
        help_text="Without one, it follows the current version of its image.",
    )
    data_volume_read_only = _tristate(
        "Read-only data volume", "Whether scorers may write to the volume that holds the model."
    )
    scoring_endpoint = forms.CharField(
        label="Scoring endpoint",
        required=False,
        max_length=500,
        help_text="The path that takes scoring requests, if it is not /model/score.",
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def offer(
        self, model_types: list[ModelType], images: list[tuple[str, str]], versions: list[tuple[str, str]]
    ) -> None:
        """Fill the pickers; `versions` are those of the chosen image: htmx asks for them when another is chosen."""
        types = [(each.name, f"{each.display_name} ({each.name})") for each in model_types]
        self.fields["model_type"].choices = [("", "Choose a model type"), *types]  # type: ignore[attr-defined]
        self.fields["runtime_image"].choices = [("", "Choose a runtime image"), *images]  # type: ignore[attr-defined]
        self.fields["pinned_version"].choices = [("", "Not pinned"), *versions]  # type: ignore[attr-defined]
        self.fields["runtime_image"].widget.attrs |= {
            "hx-post": "",
            "hx-vals": '{"offer": "versions"}',
            "hx-target": "#pinned",
            "hx-select": "#pinned",
            "hx-swap": "outerHTML",
        }

    def lock(self, model_type: str, runtime_image: tuple[str, str]) -> None:
        """Show what cannot change any more, and say so."""
        for name, choice in (("model_type", (model_type, model_type)), ("runtime_image", runtime_image)):
            field = self.fields[name]
            field.choices = [choice]  # type: ignore[attr-defined]
            field.disabled, field.initial = True, choice[0]
            field.help_text = f"The {field.label.lower()} cannot be changed after creation; create another runtime."  # type: ignore[union-attr]
        del self.fields["uid"], self.fields["pinned_version"]


class PairForm(forms.Form):
    """One row of a map."""

    key = forms.CharField(
        label="Key", required=False, strip=True, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    value = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 1, "spellcheck": "false", "autocomplete": "off"}),
    )


class VolumeForm(forms.Form):
    """One volume."""

    id = forms.CharField(label="ID", required=False)
    type = forms.ChoiceField(
        label="Type",
        required=False,
        choices=[("EMPTY_DIR", "Empty directory"), ("EPHEMERAL", "Ephemeral claim")],
    )
    mount_paths = forms.CharField(
        label="Mount paths", required=False, help_text="One a line.", widget=forms.Textarea(attrs={"rows": 2})
    )
    properties = forms.CharField(
        label="Properties",
        required=False,
        help_text="One a line: size=10Gi",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    read_only = forms.BooleanField(label="Read-only", required=False)


class SecurityContextForm(forms.Form):
    """The security context of the scorer's container."""

    run_as_non_root = _tristate("Run as non-root")
    run_as_user = forms.CharField(label="Run as user", required=False, help_text="A numeric user id.")
    run_as_group = forms.CharField(label="Run as group", required=False, help_text="A numeric group id.")
    read_only_root_filesystem = _tristate("Read-only root file system")
    allow_privilege_escalation = _tristate("Allow privilege escalation")
    privileged = _tristate("Privileged")
    capabilities_add = forms.CharField(label="Capabilities to add", required=False, help_text="Separated by commas.")
    capabilities_drop = forms.CharField(
        label="Capabilities to drop", required=False, help_text="Separated by commas, for example ALL."
    )
    seccomp_type = forms.ChoiceField(
        label="Seccomp profile",
        required=False,
        choices=[("", "Not set")] + [(each, each) for each in ("RuntimeDefault", "Unconfined", "Localhost")],
    )
    seccomp_localhost_profile = forms.CharField(
        label="Localhost profile", required=False, help_text="A file on the node; only for Localhost."
    )
