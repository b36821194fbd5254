"""What the Makefile runs beside the arena: checks, the dashboard's build, benchmarks, recordings."""
