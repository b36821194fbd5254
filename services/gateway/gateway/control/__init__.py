"""The routes that publish events: control commands, and Alertmanager's webhook. Both need a token."""
