"""What keeps the console from starting."""


class StartFault(Exception):
    """The console cannot start; the message is one line for the person who started it."""
