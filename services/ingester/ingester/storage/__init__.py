"""What outlives the process: the Redis cache's values and lists, and the files of a recording."""
