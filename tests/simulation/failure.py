"""How a simulation fails."""


class SimulationFailed(AssertionError):
    """An invariant did not hold; the message says which, and when."""
