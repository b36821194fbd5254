"""Hyperliquid's wire format: number strings, /info answers, /exchange actions."""
