"""Market data from Hyperliquid into events, the Redis cache and one snapshot per decision cycle."""
