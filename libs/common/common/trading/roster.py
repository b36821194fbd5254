"""The roster: who competes and what is traded, as `arena.toml` names them. Everything that lists either reads it."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

from common.trading.instruments import Symbol

ID_PATTERN: Final = r"^[a-z][a-z0-9_]{0,23}$"
MAX_CONTENDERS: Final = 8
Provider = Literal["deepseek", "dashscope"]
Language = Literal["zh", "en"]
Mode = Literal["baseline", "preservation", "situational", "max_leverage"]
Thinking = Literal["off", "on", "low", "medium", "high", "max", "default"]
Mark = Literal["circle", "diamond", "square", "triangle"]
Color = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]

Usd = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Contender(BaseModel):
    """One model that competes, with its own account.

    `id` is the value of `model` in events, tables and API; in capitals it ends the names of the contender's settings
    (`HYPERLIQUID_PRIVATE_KEY_QWEN`) or begins them (`QWEN_API_KEY`). `provider` says which API it speaks: `deepseek` is
    any OpenAI-compatible server, `dashscope` Alibaba's. `model` is the provider's name of the model; None leaves it to
    the setting `<ID>_MODEL`. `price_usd` is its price per million tokens (input, cached input, output); None leaves it
    to the provider's list. `strategy` names a text that is shipped with the agents, or is the path of a file. The
    prompt is in `language`, and so is the reasoning; `mode` adds to any strategy. `color` and `color_dark` draw the
    contender on light and dark paper.

    The others are parameters of each request. `thinking` is off, on (as true and false, too), an effort, or `default`,
    which sends nothing about it; a provider offers some of them. `thinking_budget` and `max_answer_tokens` bound the
    two parts of an answer, in tokens; None leaves them to the settings. `temperature` and `seed` are left to the
    provider where they are None. `response_format` asks for JSON by the provider's JSON mode; off for a server that
    doesn't know it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=ID_PATTERN)]
    name: Annotated[str, Field(min_length=1, max_length=32)]
    provider: Provider
    model: str | None = None
    price_usd: tuple[Usd, Usd, Usd] | None = None
    strategy: Annotated[str, Field(min_length=1)]
    language: Language = "zh"
    mode: Mode = "baseline"
    thinking: Thinking = "off"
    thinking_budget: Annotated[int, Field(strict=True, ge=100, le=128_000)] | None = None
    max_answer_tokens: Annotated[int, Field(strict=True, ge=100, le=32_000)] | None = None
    temperature: Annotated[float, Field(strict=True, ge=0, lt=2)] | None = None
    seed: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = None
    response_format: StrictBool = True
    color: Color
    color_dark: Color
    mark: Mark

    @field_validator("thinking", mode="before")
    @classmethod
    def _by_its_name(cls, thinking: object) -> object:
        return {True: "on", False: "off"}[thinking] if isinstance(thinking, bool) else thinking

    @property
    def agent(self) -> str:
        """The name of the agent service that asks this contender."""
        return f"agent-{self.id}"


class Roster(BaseModel):
    """All contenders and coins, in the order in which everything lists them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contenders: Annotated[tuple[Contender, ...], Field(min_length=1, max_length=MAX_CONTENDERS)]
    coins: Annotated[tuple[Symbol, ...], Field(min_length=1)]

    @field_validator("coins")
    @classmethod
    def _each_coin_once(cls, coins: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        if len(set(coins)) < len(coins):
            raise ValueError("a coin is listed twice")
        return coins

    @model_validator(mode="after")
    def _are_distinct(self) -> "Roster":
        for what, values in (
            ("id", [each.id for each in self.contenders]),
            ("name", [each.name for each in self.contenders]),
            ("color", [each.color.lower() for each in self.contenders]),
        ):
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"two contenders have the same {what}: {', '.join(twice)}")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """The contenders' ids; the field `model` of events, tables and API holds one of them."""
        return tuple(each.id for each in self.contenders)

    def contender(self, contender_id: str) -> Contender:
        """One contender. Raises KeyError."""
        for each in self.contenders:
            if each.id == contender_id:
                return each
        raise KeyError(contender_id)
