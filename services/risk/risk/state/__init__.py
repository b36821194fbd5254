"""What risk remembers between events, and the pure functions that change it."""
