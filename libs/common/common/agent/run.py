"""An agent's main, which every agent service shares: settings, client, strategy, one decision per snapshot."""

from collections.abc import Callable

from common.agent.contender import select_contender
from common.agent.model_check import check_model
from common.agent.prompt.rules import rule_values
from common.agent.prompt.strategy import Strategy, StrategyError, gaps, load_strategy
from common.agent.providers.parameters import parameter_problem
from common.agent.providers.port import ModelClient
from common.agent.providers.pricing import UnknownPrice
from common.agent.providers.profile import Endpoint, Profile
from common.agent.settings import AgentSettings, agent_settings, endpoint
from common.agent.spending_report import describe_spending
from common.agent.trading_agent import TradingAgent, register
from common.runtime.outside.proxies import Client, proxy_problem
from common.runtime.roster import load_roster
from common.runtime.service import Service
from common.runtime.settings import load_settings, refuse_start
from common.trading.limits import Limits
from common.trading.roster import Contender, Roster

ClientFactory = Callable[[Endpoint], ModelClient]


async def run_agent(name: str, profile: Profile, make_client: ClientFactory, *, http_library: Client = "httpx") -> None:
    """Runs the agent of one contender until SIGTERM; `name` is the program's, for errors before the contender is known.

    What is wrong with the roster, CONTENDER, a setting or the strategy ends the start with one line.
    """
    roster = load_roster(name)
    contender = select_contender(name, roster, profile)
    settings = load_settings(contender.agent, agent_settings(contender, profile))
    if (problem := parameter_problem(contender, profile.form)) is not None:
        refuse_start(contender.agent, [f"the roster's row of {contender.id}: {problem}"])
    strategy = _strategy(contender)
    limits = _limits(contender, settings, roster)
    target = _endpoint(contender, profile, settings)
    async with Service.open(contender.agent, settings, contenders=(contender.id,)) as service:
        if (problem := proxy_problem(target.base_url, http_library)) is not None:
            refuse_start(contender.agent, [problem])
        client = make_client(target)
        agent = TradingAgent(
            service,
            settings,
            contender=contender,
            coins=roster.coins,
            limits=limits,
            endpoint=target,
            client=client,
            strategy=strategy,
        )
        register(service, agent)
        if missing := gaps(strategy, rule_values(limits, (), contender.language).keys()):
            service.log.warning("the strategy is incomplete", strategy=contender.strategy, gaps="; ".join(missing))
        service.spawn(
            "model check",
            lambda: check_model(service, client, contender=contender, endpoint=target, profile=profile),
        )
        service.log.info(
            "agent started", provider_model=target.provider_model, url=target.base_url, stand_in=target.stand_in
        )
        day, is_enough = describe_spending(settings, target, profile)
        (service.log.info if is_enough else service.log.warning)("spending", model=contender.id, day=day)
        await service.run()
        await client.close()


def _strategy(contender: Contender) -> Strategy:
    try:
        return load_strategy(contender.strategy, contender.language)
    except StrategyError as error:
        refuse_start(contender.agent, [f"the roster's strategy of {contender.id}: {error}"])


def _endpoint(contender: Contender, profile: Profile, settings: AgentSettings) -> Endpoint:
    try:
        return endpoint(settings, contender, profile)
    except UnknownPrice as error:
        remedy = f"add price_usd = [input, cached input, output] per million tokens to {contender.id} in arena.toml"
        refuse_start(contender.agent, [f"{error}; {remedy}"])


def _limits(contender: Contender, settings: AgentSettings, roster: Roster) -> Limits:
    try:
        return settings.limits.for_coins(roster.coins)
    except ValueError as error:
        refuse_start(contender.agent, [str(error)])
