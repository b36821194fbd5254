"""Notifies people where they are."""
