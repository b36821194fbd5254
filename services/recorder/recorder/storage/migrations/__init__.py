"""The recorder's tables and the views that REST and WebSocket rows come from."""
