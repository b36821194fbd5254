"""What is particular to DeepSeek, as data. Source: DeepSeek API docs, Models & Pricing, Thinking mode."""

from datetime import date

from common.agent.providers.day_cost import TypicalCall
from common.agent.providers.parameters import RequestForm
from common.agent.providers.pricing import ListedPrice, PeakHours, Price, tokens_at
from common.agent.providers.profile import Profile

SERVICE = "agent-deepseek"
# Mondays to Fridays but Chinese public holidays. Only the days that the law itself makes free are holidays here: those
# that a yearly notice adds or exchanges count as peak, and so does everything from 2028 on.
HOLIDAYS = """
2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-05-01 2026-06-19 2026-09-25 2026-10-01 2026-10-02
2027-01-01 2027-02-05 2027-02-08 2027-04-05 2027-06-09 2027-09-15 2027-10-01
"""
PEAK_HOURS = PeakHours(((1, 4), (6, 10)), frozenset(date.fromisoformat(day) for day in HOLIDAYS.split()))
FLASH = Price(tokens_at("0.30", "0.006", "1.20"), tokens_at("0.15", "0.003", "0.60"), PEAK_HOURS)
PRO = Price(tokens_at("1.32", "0.044", "3.96"), tokens_at("0.66", "0.022", "1.98"), PEAK_HOURS)
PROFILE = Profile(
    provider="deepseek",
    contender="deepseek",
    base_url="https://api.deepseek.com",
    provider_model="deepseek-flash",
    stand_in_path="/deepseek",
    # deepseek-v4-flash is an older name, served and billed as deepseek-flash.
    prices=(
        ListedPrice("deepseek-flash", FLASH),
        ListedPrice("deepseek-v4-flash", FLASH),
        ListedPrice("deepseek-v4-pro", PRO),
    ),
    prices_as_of=date(2026, 11, 30),
    form=RequestForm(
        fixed={"stream": False},
        thinking={
            "off": {"thinking": {"type": "disabled"}},
            "on": {"thinking": {"type": "enabled"}},
            "low": {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
            "high": {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            "max": {"thinking": {"type": "enabled"}, "reasoning_effort": "max"},
            "default": {},
        },
        unknown=frozenset({"seed"}),
        not_thinking=frozenset({"temperature"}),
    ),
    typical_call=TypicalCall(5_758, 3_884, 300, 14_127),
    superseded={
        "deepseek-chat": "was retired on 2026-07-24; use deepseek-flash",
        "deepseek-reasoner": 'was retired on 2026-07-24; use deepseek-flash or deepseek-v4-pro with thinking = "on"',
    },
)
