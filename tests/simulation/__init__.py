"""The real trading code in one process, under virtual time, a seeded scheduler and seeded faults."""
