"""The exchange proper: accounts, positions, orders, matching. Pure; time and market come in as arguments."""
