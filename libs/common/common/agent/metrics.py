"""The agents' metrics."""

from prometheus_client import Counter, Histogram

DECISIONS = Counter("aicoin_agent_decisions", "Decisions, by outcome.", ["model", "outcome"])
REFUSED = Counter("aicoin_agent_refused_answers", "Answers that were no decision, by code.", ["model", "code"])
LENIENCIES = Counter("aicoin_agent_leniencies", "What was read over in decisions, by kind.", ["model", "kind"])
COST_USD = Counter("aicoin_agent_cost_usd", "Spent on the model, in USD.", ["model"])
TOKENS = Counter("aicoin_agent_tokens", "Tokens, by kind.", ["model", "kind"])
LATENCY_S = Histogram(
    "aicoin_agent_latency_seconds", "From asking to the answer.", ["model"], buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 45, 90)
)
