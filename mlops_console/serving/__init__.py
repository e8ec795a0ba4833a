"""Starting the console with everything it needs, as one foreground program."""
