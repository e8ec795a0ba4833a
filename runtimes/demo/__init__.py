"""What `manage.py up --demo` shows: a catalogue, people, and two workspaces with runtimes of their own."""
