"""Everything that does I/O: the ports, the stored state, the feed of a live market, the model stand-ins."""
