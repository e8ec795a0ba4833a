from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What nobody has started can be planned again, in a moment; it could not be read any more."""
    plans = apps.get_model("deployments", "Plan").objects.filter(rollouts=None).order_by()
    plans.only("pk").delete()


class Migration(migrations.Migration):
    dependencies = [("deployments", "0006_by_age")]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
