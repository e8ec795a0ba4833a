"""What the console is measured beside, in the same server: a floor, and Django's own admin. Never part of a console."""
