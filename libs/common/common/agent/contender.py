"""Which contender of the roster an agent process asks: the one that CONTENDER names, else its service's own."""

import os
from collections.abc import Mapping

from common.agent.providers.profile import Profile
from common.runtime.settings import refuse_start
from common.trading.roster import Contender, Roster

VARIABLE = "CONTENDER"


def select_contender(
    service: str, roster: Roster, profile: Profile, environment: Mapping[str, str] = os.environ
) -> Contender:
    """The contender to ask, or the end of the process with one line that says which ones this service can ask."""
    candidates = [each.id for each in roster.contenders if each.provider == profile.provider]
    listed = ", ".join(candidates) or "none is listed"
    remedy = f"{service} asks a contender with provider {profile.provider!r}: {listed}"
    chosen = environment.get(VARIABLE) or profile.contender
    if chosen is None:
        refuse_start(service, [f"{VARIABLE}: not set; {remedy}"])
    if chosen not in candidates:
        what = "has another provider" if chosen in roster.ids else "is not in the roster"
        refuse_start(service, [f"{VARIABLE}: {chosen!r} {what}; {remedy}"])
    return roster.contender(chosen)
