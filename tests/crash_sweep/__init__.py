"""Processes of a running arena killed at random moments, and what must be true afterwards."""
