"""How the executor and the ingester share the request weight that the exchange gives a network address a minute.

Both ask from one address. Within any minute, the first one included, they ask for at most MOST_PER_MINUTE together:
EXECUTOR_PEAK_MINUTES times REQUEST_WEIGHT_PER_MINUTE, and HISTORY_WEIGHT_PER_MINUTE. An address that asks for more than
GIVEN_PER_MINUTE gets no answer at all, to orders neither. Who sets one of the two settings keeps that sum.
"""

from typing import Final

GIVEN_PER_MINUTE: Final = 1_200
"""Source: Hyperliquid docs, Rate limits."""
MOST_PER_MINUTE: Final = 1_150
"""What is left is for a person's commands."""
EXECUTOR_PER_MINUTE: Final = 600
"""The default of REQUEST_WEIGHT_PER_MINUTE: what the executor asks for in the long run."""
EXECUTOR_LEAST_PER_MINUTE: Final = 240
"""With less the checks of an account, without which no entry is sent, find no room beside the polls."""
EXECUTOR_PEAK_MINUTES: Final = 1.45
"""How much more than in the long run it asks for in one minute."""
INGESTER_PER_MINUTE: Final = 280
"""The default of HISTORY_WEIGHT_PER_MINUTE, which is never exceeded."""
