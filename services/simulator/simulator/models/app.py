"""The stand-ins' routes."""

from starlette.applications import Starlette


def create_models_app() -> Starlette:
    """A Starlette app with the model endpoints."""
    return Starlette(routes=[])
