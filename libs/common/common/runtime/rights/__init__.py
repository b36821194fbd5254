"""Least rights: a Redis user for each service and a PostgreSQL role for each that uses tables, made at every start."""
