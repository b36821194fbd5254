"""The services that carry messages, and the one that waits for them to cease."""
