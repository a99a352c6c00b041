"""The `visits` command, split by noun: each subcommand calls one use case."""

from scheduler.cli.command import main

__all__ = ["main"]
