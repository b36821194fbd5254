"""The house rules that a program can check: each rule yields findings with file and line."""
