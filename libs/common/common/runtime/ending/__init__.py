"""How tasks and the process end: within a limit, whatever hangs."""
