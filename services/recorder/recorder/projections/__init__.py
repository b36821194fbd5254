"""What follows from the recorded rows: trades, accounts, statistics, reconciliations, pushes. Each is idempotent."""
