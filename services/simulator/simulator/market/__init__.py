"""The synthetic market: prices, candles, books and trades of the six coins. Pure, seeded."""
