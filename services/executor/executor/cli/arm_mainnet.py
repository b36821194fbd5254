"""`aicoin arm-mainnet`: a person confirms real money, by hand or, on a server, by naming the cap once more."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.runtime.roster import load_roster
from common.runtime.settings import load_settings
from common.trading.roster import Roster
from executor.cli.account_command import refuse
from executor.domain.variables import ADDRESS_PATTERN, DATA_FOLDER, account_variable
from executor.storage.confirmations import Confirmation, write_confirmation


class ArmSettings(BaseSettings):
    """The cap to be confirmed; `arm_settings` adds the account of each contender."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    aicoin_mainnet_cap_usd: Decimal = Field(gt=0)
    executor_data_dir: Path = DATA_FOLDER


def arm_settings(roster: Roster) -> type[ArmSettings]:
    """What is to be confirmed, for a roster."""
    fields: dict[str, Any] = {
        account_variable(contender_id).lower(): (str, Field(pattern=ADDRESS_PATTERN)) for contender_id in roster.ids
    }
    return create_model(ArmSettings.__name__, __base__=ArmSettings, **fields)


def arm_mainnet(
    cap_usd: Annotated[str, typer.Option(help="Confirms without asking; must equal AICOIN_MAINNET_CAP_USD.")] = "",
) -> None:
    """Confirms that these accounts may trade real money, up to the cap per order."""
    roster = load_roster("aicoin")
    settings = load_settings("aicoin", arm_settings(roster))
    accounts = [str(getattr(settings, account_variable(contender_id).lower())) for contender_id in roster.ids]
    cap = f"{settings.aicoin_mainnet_cap_usd:f}"
    typer.echo(f"REAL MONEY. {len(accounts)} language models will trade these accounts without asking anybody:")
    for account in accounts:
        typer.echo(f"  {account}")
    typer.echo(f"Each entry may be worth up to {cap} USD; losses can be total.")
    answer = cap_usd or typer.prompt("Type the cap in USD to confirm", default="", show_default=False)
    if answer.strip() != cap:
        refuse(f"AICOIN_MAINNET_CAP_USD: {answer.strip()!r} is not {cap}; nothing is armed")
    confirmed = Confirmation(frozenset(account.lower() for account in accounts), settings.aicoin_mainnet_cap_usd)
    write_confirmation(settings.executor_data_dir, confirmed, datetime.now(UTC).isoformat(timespec="seconds"))
    typer.echo("confirmed; another cap or another account needs another confirmation")


if __name__ == "__main__":
    os.umask(0o077)
    typer.run(arm_mainnet)
