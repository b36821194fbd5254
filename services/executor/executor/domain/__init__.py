"""What the executor knows about intents, orders, accounts and cash. Pure: no I/O, no clock, no SDK."""
