"""The exchange: accounts, positions, orders, matching, liquidation. Pure: time and market come in as arguments."""
