"""Backup and restore of an arena, and its tables at another version."""
