from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("deployments", "0003_fill_workload_specs")]
    operations = [migrations.RemoveField(model_name="composition", name="started_with")]
