"""Pure: returns, differences between decisions, and what a paired comparison can show. No I/O, no clock."""
