"""What a replay found, as text, JSON and an HTML page with pictures."""
