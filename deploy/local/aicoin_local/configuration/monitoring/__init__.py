"""What Prometheus and Alertmanager get from the roster and the settings."""
