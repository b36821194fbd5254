"""What is worth a notification, and in which words. Pure."""
