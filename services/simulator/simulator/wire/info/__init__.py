"""POST /info: dispatch, and one answer per type."""
