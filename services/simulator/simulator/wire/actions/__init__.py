"""POST /exchange: signatures, dispatch, and one handler per action."""
