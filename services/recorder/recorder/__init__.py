"""Writes everything to PostgreSQL and pushes what changed."""
