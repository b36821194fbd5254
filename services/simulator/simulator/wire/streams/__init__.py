"""WebSocket subscriptions and the messages they get. No sockets here."""
