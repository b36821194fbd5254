"""The record: chains of events, each link holding the hash of all before it, and the long texts beside them by hash."""
