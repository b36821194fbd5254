"""The executor's own tables."""
