"""Options that several commands share, and the settings that they make."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from server.config import Config, ConfigError, load
from server.config_names import strange

C = TypeVar("C", bound=Callable[..., Any])

STORE_ADDRESSES = (
    "Valkey or Redis 7.0 or newer: redis://, rediss:// (TLS), unix://, redis+sentinel://host:port,host:port/service, "
    "redis+cluster://host:port,host:port."
)
STORE_HELP = f"{STORE_ADDRESSES} Without it the server runs a store of its own in the state folder. [OPENLINE_STORE]"
DATABASE_HELP = (
    "sqlite:///path or postgresql://user@host/name; by default SQLite in the state folder. [OPENLINE_DATABASE]"
)


def where(command: C) -> C:
    """The options that say which store, database and state folder a command works on."""
    for option in (
        click.option(
            "--state", "state_dir", metavar="DIR", help="State folder (default .openline). [OPENLINE_STATE_DIR]"
        ),
        click.option("--database", metavar="URL", help=DATABASE_HELP),
        click.option("--store", metavar="URL", help=STORE_HELP),
    ):
        command = option(command)
    return command


def config_of(*, keyless: bool = False, **given: Any) -> Config:
    """Settings from the options and the environment; a wrong one ends the command with its name and the way out.

    What looks like a setting and is none is named on standard error.
    """
    for line in strange(os.environ):
        click.echo(line, err=True)
    try:
        return load(given, keyless=keyless)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
