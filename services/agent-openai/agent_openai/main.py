"""Agent OpenAI: asks the model that CONTENDER names, on any OpenAI-compatible server, for one decision per snapshot.

Reads    market.snapshot; account:{id}, memory:{id}, risk:day:{id} of its contender
Writes   agent.decision
State    none but the day's cost; a snapshot stays pending until its decision is committed
Failure  no answer, or none that is one valid decision, is recorded as such and trades nothing
Stop     a running request may finish and commit within the drain limit; past it the snapshot stays pending
"""

from agent_openai.config import PROFILE, SERVICE
from common.agent.providers.openai_client import OpenAIClient
from common.agent.run import run_agent
from common.runtime.service import run_service


async def main() -> None:
    await run_agent(SERVICE, PROFILE, OpenAIClient)


if __name__ == "__main__":
    run_service(main)
