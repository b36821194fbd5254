"""The executor's tables and files; the only room that knows SQL."""
