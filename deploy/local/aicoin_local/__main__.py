"""`python -m aicoin_local`: the `aicoin` command, which Ctrl-C ends quietly from its first moment."""

EXIT_INTERRUPTED = 130


def main() -> None:
    """Imports what a command needs within reach of Ctrl-C: that takes the first second of a start."""
    try:
        from aicoin_local.cli import main as run_command

        run_command()
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None


if __name__ == "__main__":
    main()
