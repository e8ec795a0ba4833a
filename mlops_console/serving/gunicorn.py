"""How gunicorn serves the console; read by it as `python:mlops_console.serving.gunicorn`."""

from mlops_console import settings

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
proc_name = "mlops-console"
loglevel = "warning"
logconfig_dict = settings.LOGGING | {
    "loggers": {
        name: {"level": "WARNING", "handlers": [], "propagate": True} for name in ("gunicorn.error", "gunicorn.access")
    }
}
