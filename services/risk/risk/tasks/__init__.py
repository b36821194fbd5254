"""Background tasks that run beside the event handlers."""
