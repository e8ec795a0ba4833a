from django.db import migrations

MODEL_TYPES = {
    "dai_mojo_pipeline": "Driverless AI MOJO pipeline",
    "dai_python_scoring_pipeline": "Driverless AI Python scoring pipeline",
    "h2o3_mojo": "H2O-3 MOJO",
    "mlflow_zip": "MLflow model (zip)",
    "python/mlflow": "MLflow Python function",
    "python_pickle": "Python pickle",
    "python/hydrogen_torch": "H2O Hydrogen Torch",
    "vllm_config": "vLLM configuration",
}


def add(apps, schema_editor):
    model_type = apps.get_model("runtimes", "ModelType")
    model_type.objects.bulk_create(
        [model_type(name=name, display_name=title) for name, title in MODEL_TYPES.items()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("runtimes", "0001_initial")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
