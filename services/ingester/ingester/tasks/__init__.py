"""The service's background tasks: they move data between the exchange, the market's state, the bus and the cache."""
