"""Markets played from files: candles and captured messages."""
