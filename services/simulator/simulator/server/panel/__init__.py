"""The control panel: what tests do to a running exchange, on a loopback port of its own."""
