"""Checks the record, and writes a copy that others can check."""
