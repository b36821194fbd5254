"""Model APIs: one port, the clients behind it, prices, the day's budget and the circuit breaker."""
