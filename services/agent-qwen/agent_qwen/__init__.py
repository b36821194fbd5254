"""Asks Qwen for one decision per snapshot."""
