"""The recorder's commands."""
