"""The `aicoin notify-test` command."""
