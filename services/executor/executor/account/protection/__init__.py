"""Keeps an account safe by the exchange's answers and memory alone."""
