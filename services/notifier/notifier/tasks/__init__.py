"""What runs beside the consumer."""
