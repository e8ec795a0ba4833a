"""The workspace whose rows every other one inherits."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_global(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("console", "Workspace").objects.get_or_create(
        uid="global",
        defaults={
            "display_name": "Global",
            "description": "What the platform offers to every workspace.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("console", "0002_audit_append_only")]
    # Taking the migration back leaves the row: by then, others may stand on it.
    operations = [migrations.RunPython(make_global, migrations.RunPython.noop)]
