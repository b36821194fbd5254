"""Recorded cycles and quotes from PostgreSQL, and a run's own journal."""
