"""The executor's own tables, in the order of their numbers."""
