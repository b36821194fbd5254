"""Holds the trading keys, places every order, reconciles with the exchange."""
