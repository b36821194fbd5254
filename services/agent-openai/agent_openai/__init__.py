"""Asks a model on any OpenAI-compatible server for one decision per snapshot."""
