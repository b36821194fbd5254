"""Trading arithmetic: symbols, instruments, positions and margin. Pure: no clock, no network, no randomness."""
