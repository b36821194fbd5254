"""The SQLite file that a restart continues from."""
