"""The codes of the alerts that the services publish; Alertmanager's alerts carry their own names."""

from enum import StrEnum


class AlertCode(StrEnum):
    """What a system.alert is about. The runbook says of each what it means and what to do."""

    HALTED = "HALTED"
    RESUMED = "RESUMED"
    FLATTENED = "FLATTENED"
    UNPROTECTED_CLOSING = "UNPROTECTED_CLOSING"
    UNPROTECTED_CLOSED = "UNPROTECTED_CLOSED"
    EXTERNAL_POSITION = "EXTERNAL_POSITION"
    UNEXPECTED_ERROR = "UNEXPECTED_ERROR"
    API_WALLET_ENDS = "API_WALLET_ENDS"
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    ACTIONS_SHORT = "ACTIONS_SHORT"
    TRADING_STATE = "TRADING_STATE"
    INVALIDATION_IGNORED = "INVALIDATION_IGNORED"
    PNL_RESIDUAL = "PNL_RESIDUAL"
    SEQUENCE_GAP = "SEQUENCE_GAP"
    GROUP_BROKEN = "GROUP_BROKEN"
