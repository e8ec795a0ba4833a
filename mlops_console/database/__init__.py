"""PostgreSQL: an embedded server by default, a real one by DATABASE_URL."""
