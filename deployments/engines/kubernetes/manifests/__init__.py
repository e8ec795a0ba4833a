"""From what is wanted to objects of a cluster, as plain dicts; pure."""
