"""Epochs: what is stored of a contender belongs to one account of one environment. Pure.

Rows carry the contender's id in their column `model`. When a contender gets another account, the rows of the one before
are set aside under `aside_id(id, epoch)`, and those of the new one, if it was there before, come back. So a query for a
contender never meets another account's rows, whether or not its author thought of it.
"""

from typing import Final

SEPARATOR: Final = "#"
"""No contender's id contains it."""


def epoch_of(environment: str, address: str) -> str:
    """The epoch of an account of an environment; empty where the environment is not known."""
    return f"{environment}:{address.lower()}" if environment else ""


def aside_id(model: str, epoch: str) -> str:
    """What stands for a contender in the rows of an epoch that is not its present one."""
    return f"{model}{SEPARATOR}{epoch}"
