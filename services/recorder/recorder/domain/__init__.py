"""What trades, performance figures, reconciliations and sequence gaps are. Pure: no input or output."""
