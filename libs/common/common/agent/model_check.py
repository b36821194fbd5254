"""Asks the provider once, at the start, whether the key and the model's name hold; an arena starts either way."""

import asyncio
from typing import Final

from common.agent.providers.port import ModelClient, error_text
from common.agent.providers.profile import Endpoint, Profile
from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.runtime.service import Service
from common.trading.roster import Contender

LIMIT_S: Final = 20.0


async def check_model(
    service: Service, client: ModelClient, *, contender: Contender, endpoint: Endpoint, profile: Profile
) -> None:
    """Logs and alerts what is wrong, with what to use instead; a refused key or name also shows as not ready.

    The next decision corrects the readiness. A stand-in isn't asked; a network that is away is no finding.
    """
    if endpoint.stand_in:
        return
    refused = await _probe(service, client)
    if refused is not None:
        service.set_ready("model", False, refused)
    findings = [finding for finding in (_replacement(endpoint, profile), refused) if finding is not None]
    if findings:
        message = "; ".join(findings)
        await service.alert(AlertCode.MODEL_CHECK, AlertSeverity.WARNING, message, model=contender.id)


def _replacement(endpoint: Endpoint, profile: Profile) -> str | None:
    """What to use instead of a model that its provider has retired or replaced; None for any other."""
    model, setting = endpoint.provider_model, endpoint.names.model
    why = profile.superseded.get(model)
    return None if why is None else f"{model} {why}; set {setting}, or model in arena.toml"


async def _probe(service: Service, client: ModelClient) -> str | None:
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await client.probe()
    except Exception as error:
        service.log.warning("the provider was not asked about the model", reason=f"{type(error).__name__}: {error}")
        return None
    return None if found is None else error_text(found)
