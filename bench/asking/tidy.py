"""Take away what asking has written, so that a database can be asked again: `python -m bench.asking.tidy`."""

from __future__ import annotations


def main() -> None:
    """Remove the runtimes and the plans that were made since the database was filled; the audit trail keeps all."""
    import django

    django.setup()
    from django.db import connection

    clear()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) runtimes_runtime, deployments_plan, console_auditentry")


def clear() -> None:
    """Remove them, also those of a run that was cut short."""
    from bench.asking.world import MADE, NAME
    from bench.loading.fleet import END
    from deployments.models import Plan
    from mlops_console.models import Token
    from runtimes.models import Runtime

    Runtime.objects.filter(display_name=MADE, created_at__gt=END).delete()
    Plan.objects.filter(actor=NAME).delete()
    Token.objects.filter(user__username=NAME).delete()


if __name__ == "__main__":
    main()
