"""How a simulation ends badly."""


class SimulationFailed(AssertionError):
    """Something that must hold did not; the message says what and when."""
