"""Rows for a database as large as is asked for, the same for the same seed."""
