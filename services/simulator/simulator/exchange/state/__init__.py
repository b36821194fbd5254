"""What the exchange holds: accounts, orders, books, keys, histories. No rules of trading here."""
