"""The floor: the same rows for the same filters, by one raw statement and a plain text, and nothing else."""
