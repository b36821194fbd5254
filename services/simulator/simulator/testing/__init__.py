"""For tests only: a simulator process, an exchange in the caller's process, an exchange with hand-set books."""
