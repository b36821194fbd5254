"""The arena as it stood at moments of market time that have passed."""
