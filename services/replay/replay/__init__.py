"""Replays recorded decisions by the agents' own code: byte for byte, or with another strategy, mode or model."""
