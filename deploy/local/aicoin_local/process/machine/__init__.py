"""The machine that an arena runs on: what is checked before a start and while it runs, and its service of systemd."""
