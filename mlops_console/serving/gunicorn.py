"""How gunicorn serves the console; read by it as `python:mlops_console.serving.gunicorn`."""

import gc
import os
from importlib import import_module
from typing import Any

import django.conf

from mlops_console import settings
from mlops_console.serving import counting

wsgi_app = "mlops_console.wsgi:application"
worker_class = "gthread"
workers = settings.WEB_WORKERS
preload_app = True  # loaded once, shared by the workers
threads = 8
timeout = 120
graceful_timeout = 5
keepalive = 5
limit_request_line = 8190  # as long as gunicorn allows: filters of the API stand in addresses
control_socket_disable = True
# Where workers show that they live: never waits for a disk, and is there where all else is read-only.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - deleted once it is opened
proc_name = "mlops-console"
loglevel = "warning"
logconfig_dict = settings.LOGGING | {
    "loggers": {
        name: {"level": "WARNING", "handlers": [], "propagate": True} for name in ("gunicorn.error", "gunicorn.access")
    }
}


def on_starting(server: Any) -> None:
    """Before the first fork."""
    counting.count_together(settings.DATA_DIR)


def when_ready(server: Any) -> None:
    """When all is loaded, just before the first fork: let workers share it, and their collector pass it over."""
    import_module(django.conf.settings.ROOT_URLCONF)  # and with it every page, else read by each worker for itself
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """First thing in a new worker."""
    counting.take_place()


def on_exit(server: Any) -> None:
    """When all workers have ended."""
    counting.forget_counts()
