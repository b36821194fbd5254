"""The read-only routes under /api/v1, and the OpenAPI document that describes them."""
