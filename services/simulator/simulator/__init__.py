"""A stand-in for the outside world on loopback: Hyperliquid's exchange, and DeepSeek's and DashScope's endpoints."""
