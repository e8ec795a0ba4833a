"""What is running, and how it moves to another version."""
