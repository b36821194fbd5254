"""Hyperliquid's side: the WebSocket, /info, and the translation of their messages into the market's terms.

`wire.py` and `parse.py` are the only modules that know the exchange's field names.
"""
