"""The fan-out: reads ws.push once and sends each message to every WebSocket client that subscribed to its channel."""
