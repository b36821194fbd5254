"""The models that a run asks: a contender's own API, or the simulator's stand-in, within the run's spending limit.

Clients and profiles are the agents' own. They are found by entry points, since services don't import each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Final, cast

import structlog
from common.agent.providers.port import ModelClient
from common.agent.providers.profile import Endpoint, Profile, setting_names
from common.agent.request import DecisionRequester
from common.agent.settings import AgentSettings, agent_settings, endpoint
from common.events import AgentDecision
from common.runtime.clock import SystemClock
from common.runtime.settings import load_settings
from common.trading.instruments import Symbol
from common.trading.roster import Contender
from replay.runs.record import RecordError

PROFILES: Final = "aicoin.model-profiles"
CLIENTS: Final = "aicoin.model-clients"
