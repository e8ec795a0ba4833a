"""The settings of a console with, beside its pages, the floor and Django's admin; for measurements only."""

from mlops_console.settings import *  # noqa: F403
from mlops_console.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "bench.beside.urls"
MIGRATION_MODULES = {"admin": None}  # its log is never written, and a console's database has no table for it
