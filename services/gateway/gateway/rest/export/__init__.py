"""Files of all rows: CSV, Parquet, and one archive of them with its hashes."""
