"""The table risk_state, and memory rebuilt from the tables, the stream and the caches."""
