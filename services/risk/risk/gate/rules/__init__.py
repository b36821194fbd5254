"""The gate's rules, one pure function each with its line of the table beside it; `table.RULES` is all of them."""
