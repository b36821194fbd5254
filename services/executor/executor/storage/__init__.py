"""The executor's tables and files; the only package that knows SQL."""
