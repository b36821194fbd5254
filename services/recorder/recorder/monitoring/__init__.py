"""What the recorder reports about the arena's event streams and about itself."""
