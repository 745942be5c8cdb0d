"""The archive: all SQL, nothing but SQL, the same on SQLite and PostgreSQL."""
