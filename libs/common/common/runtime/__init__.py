"""What makes handlers a service: settings, clock, logs, health, the consumer loop, the database pool."""
