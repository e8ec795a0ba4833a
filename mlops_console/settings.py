"""Django's settings, all of them from the environment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from mlops_console import __version__, env
from mlops_console.database.url import database_from_url
from mlops_console.kubernetes import console_url, kubernetes_settings
from mlops_console.secret import former_keys, metrics_token, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("DEBUG", default=False)
SECURE = env.flag("SECURE", default=False)
DATA_DIR = env.path("DATA_DIR", default=BASE_DIR / ".data")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
RUNTIMES_VALUES = env.file("RUNTIMES_VALUES")
WEB_WORKERS = env.integer("WEB_WORKERS", default=2, minimum=1, maximum=64)
ENGINE = env.choice("ENGINE", default="local", allowed=["local", "kubernetes"])
ENGINE_PORT = env.integer("ENGINE_PORT", default=0, minimum=0, maximum=65_535)
ENGINE_OPTIONS = (
    kubernetes_settings() if ENGINE == "kubernetes" else {"folder": DATA_DIR / "engine", "port": ENGINE_PORT}
)
KUBERNETES_CONSOLE_URL = console_url() if ENGINE == "kubernetes" else ""
READY_SECONDS = env.integer("READY_SECONDS", default=300, minimum=1, maximum=24 * 3600)
SECRET_KEY = secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = former_keys()
METRICS_TOKEN = metrics_token()

# Apps and requests
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "django_linear_migrations",
    "template_partials.apps.SimpleAppConfig",
    "axes",
    "csp",
    "drf_spectacular",
    "mlops_console.apps.ConsoleConfig",
    "runtimes.apps.RuntimesConfig",
    "deployments.apps.DeploymentsConfig",
]
MIDDLEWARE = [
    "mlops_console.observing.middleware.ClusterMiddleware",
    "mlops_console.observing.middleware.CountingMiddleware",
    "mlops_console.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "mlops_console.web.middleware.ActorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mlops_console.urls"
WSGI_APPLICATION = "mlops_console.wsgi.application"
APPEND_SLASH = False  # the API's addresses end without one, and its clients do not follow redirects
DATA_UPLOAD_MAX_MEMORY_SIZE = 25 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50_000

_LOADERS: list[Any] = [
    "mlops_console.web.loaders.Loader",
    "django.template.loaders.app_directories.Loader",
]
if not DEBUG:
    _LOADERS = [("django.template.loaders.cached.Loader", _LOADERS)]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "libraries": {"console": "mlops_console.web.templatetags.console"},
            "loaders": [("template_partials.loader.Loader", _LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mlops_console.web.navigation.navigation",
            ],
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Database
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **(
            database_from_url("DATABASE_URL", url)
            if (url := env.text("DATABASE_URL"))
            else {"ENGINE": "mlops_console.database.embedded", "NAME": "console", "DATA_DIR": DATA_DIR}
        ),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "console.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["mlops_console.hashers.ConsoleHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
SESSION_COOKIE_AGE = env.integer("SESSION_HOURS", default=12, minimum=1, maximum=24 * 90) * 3600
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/login.html"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Browser
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = True  # every form carries the token itself
SECURE_REDIRECT_EXEMPT = [r"^api/storage/engine/"]  # pods ask inside the cluster, where no proxy ends TLS
if SECURE:
    # behind a proxy that ends TLS and sets this header itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mlops_console.api.authentication.BearerAuthentication",
        "mlops_console.api.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["mlops_console.api.parsers.JsonBody", "mlops_console.api.parsers.PlainForm"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "mlops_console.api.pages.ApiPage"],
    "DEFAULT_SCHEMA_CLASS": "mlops_console.api.schema.ConsoleSchema",
    "EXCEPTION_HANDLER": "mlops_console.api.errors.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MLOps Console",
    "DESCRIPTION": "Runtime management for model serving. The published h2o-mlops client speaks this API.",
    "VERSION": __version__,
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "ENUM_NAME_OVERRIDES": {
        "State": "runtimes.models.layered.STATES",
        "DeploymentState": "deployments.api.shapes.STATES",
        "EndpointState": "deployments.api.shapes.ENDPOINT_STATES",
        "RolloutStatus": "deployments.api.plans.STATUSES",
        "UpgradeKind": "deployments.api.plans.KINDS",
        "UpgradeCode": "deployments.api.plans.CODES",
        "UpgradeWarning": "deployments.api.plans.CAUTIONS",
        "IngestionStatus": "deployments.api.storage.shapes.INGESTION",
        "ArtifactState": "deployments.api.storage.shapes.ARTIFACT_STATES",
        "ExperimentStatus": "deployments.api.storage.shapes.FINISHED",
        "ModelStatus": "deployments.api.storage.shapes.ACTIVE",
        "PresignedMethod": "deployments.api.storage.shapes.METHODS",
    },
}

# Files
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Words and time
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "mlops_console.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("LOG_LEVEL", default="INFO", allowed=["DEBUG", "INFO", "WARNING", "ERROR"]),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "httpx2": {"level": "WARNING"},  # it would tell of each request to the cluster
    },
}
