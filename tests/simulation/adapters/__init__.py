"""What the services reach the outside world through, each behind fault points: bus, database, exchange."""
