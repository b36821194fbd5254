"""Reads of the stores: SQL over the recorder's views, and the market data that the ingester keeps in Redis."""
