"""A real language model in the loop: a small one on this machine answers a contender of a running arena."""
