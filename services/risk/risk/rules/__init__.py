"""The gate's rules, one pure function each, grouped by what they look at."""
