"""Agent Qwen: asks Qwen for one decision per snapshot.

Reads    market.snapshot; account:qwen, memory:qwen, risk:day:qwen
Writes   agent.decision
State    none but the day's cost; an unanswered snapshot stays pending
Failure  no answer, or none that is one valid decision, is recorded as such and trades nothing
"""

from agent_qwen.client import QwenClient
from agent_qwen.config import PROFILE, STRATEGY, QwenSettings
from common.agent.run import TradingAgent, load_strategy, wire
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings


async def main() -> None:
    settings = load_settings(PROFILE.service, QwenSettings)
    async with Service.open(PROFILE.service, settings) as service:
        endpoint = settings.endpoint
        client = QwenClient(endpoint, settings.max_answer_tokens)
        strategy = load_strategy("agent_qwen", STRATEGY)
        wire(service, TradingAgent(service, settings, PROFILE, endpoint, client, strategy))
        service.log.info("asking", model=endpoint.provider_model, url=endpoint.base_url, stand_in=endpoint.stand_in)
        await service.run()
        await client.close()


if __name__ == "__main__":
    run_service(main)
