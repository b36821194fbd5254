"""Kills processes of a running arena at random moments, and checks what must hold afterwards."""
