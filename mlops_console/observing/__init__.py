"""How the console itself is doing: may it be sent requests, and what has it done with those it got."""

from prometheus_client import disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call] # twice the lines, to tell when counting began
