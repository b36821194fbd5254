"""What every HTTP route shares: error shape, query parameters, bearer check, response cache, metrics, the ASGI app."""
