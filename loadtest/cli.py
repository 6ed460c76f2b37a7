"""`openline bench`: what this machine bears. Each bench starts a private server and cleans up behind it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from loadtest.figures import Report, as_json, show
from loadtest.process import BenchError

C = TypeVar("C", bound=Callable[..., Any])


@click.group()
def bench() -> None:
    """Measure what this machine bears, on a private server that is gone afterwards.

    Progress goes to stderr. A bench ends with 0 whether or not its bars hold; it says so for each.
    """


def _common(command: C) -> C:
    command = click.option("--json", "json_", is_flag=True, help='One JSON object whose last key is "bars".')(command)
    return click.option("--quick", is_flag=True, help="A small run that ends within 50 s.")(command)


def _carry_out(run: Callable[[], Report], json_: bool) -> None:
    try:
        report = run()
    except BenchError as error:
        raise click.ClickException(str(error)) from None
    if json_:
        click.echo(as_json(report))
    else:
        show(report, click.echo)


@bench.command()
@_common
@click.option("--peers", "with_peers", is_flag=True, help="Also ws, Socket.IO, uWebSockets (Node) and Django Channels.")
def fanout(json_: bool, quick: bool, with_peers: bool) -> None:
    """One change to 1,000 and 5,000 watchers, beside a bare send(2) loop."""
    from loadtest.fanout import run

    _carry_out(lambda: run(quick=quick, with_peers=with_peers), json_)


@bench.command()
@_common
def storm(json_: bool, quick: bool) -> None:
    """20, 100 and 400 joins a second before 1,000 watchers."""
    from loadtest.storm import run

    _carry_out(lambda: run(quick=quick), json_)


@bench.command()
@_common
def join(json_: bool, quick: bool) -> None:
    """Joins, switches and leaves a second, beside the same functions straight on the store."""
    from loadtest.join import run

    _carry_out(lambda: run(quick=quick), json_)


@bench.command()
@_common
def match(json_: bool, quick: bool) -> None:
    """From "the expert goes free" until both sides are told."""
    from loadtest.match import run

    _carry_out(lambda: run(quick=quick), json_)


@bench.command()
@_common
def memory(json_: bool, quick: bool) -> None:
    """Resident memory per idle watcher."""
    from loadtest.memory import run

    _carry_out(lambda: run(quick=quick), json_)


@bench.command()
@_common
def search(json_: bool, quick: bool) -> None:
    """Questions to 10,000 experts with 24 MB of text, and how soon a changed profile is found."""
    from loadtest.search import run

    _carry_out(lambda: run(quick=quick), json_)


@bench.command()
@_common
def media(json_: bool, quick: bool) -> None:
    """Calls per core through a media worker, beside aiortc's MediaRelay and a bare UDP relay in C.

    Also the delay that the worker adds, how long it takes from the expert's yes until the two hear each other, and what
    calls hold and leave behind. The callers are light WebRTC clients in a process of their own; where their own CPU
    comes near a whole core, the delay is theirs. Takes three minutes on an idle machine, half a minute with --quick.
    """
    from loadtest.media import run

    _carry_out(lambda: run(quick=quick), json_)
