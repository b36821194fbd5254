"""Runs the arena on one machine without Docker; the aicoin command."""
