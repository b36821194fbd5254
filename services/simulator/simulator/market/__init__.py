"""Market data of the listed coins: prices, candles, books and trades, synthetic, relayed or recorded."""
