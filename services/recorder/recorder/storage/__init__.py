"""Statements that write and read the recorder's tables, and the row that each event becomes."""
