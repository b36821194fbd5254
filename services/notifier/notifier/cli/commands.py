"""`aicoin notify-test`: whether each address takes a message."""

import asyncio

import structlog
import typer

from common.runtime.settings import load_settings
from notifier.config import NotifierSettings
from notifier.domain.words import trial_message
from notifier.outside.apprise_targets import targets_of
from notifier.outside.deadman import Deadman

app = typer.Typer(help="Notifications.", no_args_is_help=True, pretty_exceptions_enable=False)


class CommandSettings(NotifierSettings):
    """The notifier's settings, without a port of its own."""

    metrics_port: int = 0


@app.command("notify-test")
def notify_test() -> None:
    """Sends a test message to each address of NOTIFY_URLS and pings DEADMAN_URL; exit code 1 when one refuses."""
    settings = load_settings("notify-test", CommandSettings)
    if not settings.targets and settings.deadman_url is None:
        typer.echo("NOTIFY_URLS: not set; name at least one address (https://appriseit.com/services/)", err=True)
        raise typer.Exit(1)
    raise typer.Exit(asyncio.run(_try(settings)))


async def _try(settings: CommandSettings) -> int:
    message = trial_message(settings.notify_language, settings.notify_link)
    failures = 0
    for target in targets_of(settings.targets, structlog.get_logger()):
        is_accepted = await target.send(message)
        typer.echo(f"{target.name:<16} {'accepted' if is_accepted else 'NOT accepted'}")
        failures += not is_accepted
    if settings.deadman_url is not None:
        deadman = Deadman(settings.deadman_url.get_secret_value())
        problem = await deadman.ping()
        await deadman.close()
        typer.echo(f"{'DEADMAN_URL':<16} {problem or 'answered'}")
        failures += problem is not None
    return 1 if failures else 0
