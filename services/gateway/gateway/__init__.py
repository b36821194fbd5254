"""Browsers: fan-out of pushes, read-only REST, the dashboard, authenticated control commands."""
