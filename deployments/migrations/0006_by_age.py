from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deployments", "0005_drift")]
    operations = [
        migrations.AddIndex(
            model_name="deployment",
            index=models.Index(fields=["display_name", "id"], name="deployment_by_name_anywhere"),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(fields=["created_at"], name="plan_by_age"),
        ),
    ]
