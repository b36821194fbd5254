"""The executor: holds the trading keys and places every order."""
