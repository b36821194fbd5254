"""Watches beside the accounts: halts that appear as files, and the clock."""
