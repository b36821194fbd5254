"""Commands that a person runs; they talk to the exchange directly, without Redis and PostgreSQL."""
