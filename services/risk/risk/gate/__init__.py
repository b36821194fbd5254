"""The gate: pure functions from one frozen input to a verdict. No I/O, no clock, no logging."""
