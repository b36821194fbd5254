"""Connections to servers over HTTP and WebSocket: which proxy they take, and how long they may last."""
