"""Asks DeepSeek for one decision per snapshot."""
