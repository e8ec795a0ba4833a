"""Settings of the test suite: whatever the developer's environment says, tests see the same console."""

import os
import tempfile
from pathlib import Path

# xdist's workers and processes started by tests inherit the choice of the first process, and with it its server.
DATA_DIR_OF_TESTS = os.environ.setdefault(
    "TEST_DATA_DIR", str(Path(tempfile.gettempdir()) / f"mlops-console-tests-{os.getuid()}-{os.getpid()}")
)
NOT_OURS = ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "SECRET_KEY_FILE", "SECURE", "CSRF_TRUSTED_ORIGINS")
for name in (*NOT_OURS, "ENGINE", "READY_SECONDS", "METRICS_TOKEN", "METRICS_TOKEN_FILE", "PROMETHEUS_MULTIPROC_DIR"):
    os.environ.pop(name, None)
os.environ |= {"DATA_DIR": DATA_DIR_OF_TESTS, "SECRET_KEY": "known-to-everybody-and-only-for-tests" * 2}

from mlops_console.settings import *  # noqa: E402, F403
from mlops_console.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
DATABASES["default"]["DURABLE"] = False
LOGGING["root"]["level"] = "WARNING"  # type: ignore[index]  # noqa: F405
# No collected files: they are found where they are written.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
