"""The command line: `openline --help`."""

from pathlib import Path
from typing import Any

import click

from server.cli_audit import audit
from server.cli_bench import bench
from server.cli_identity import account, link, token
from server.cli_media import media
from server.cli_options import config_of, where
from server.cli_pool import pool
from server.cli_processor import test_processor
from server.cli_verify import verify


class _Plain(click.Group):
    """Ends a command with one line for what a person can put right, and a traceback only for what is our fault."""

    def invoke(self, ctx: click.Context) -> Any:
        from ground.embedded import NoStoreBinary
        from ground.errors import Refusal, StoreUnavailable
        from ground.sql import DatabaseTooNew
        from server.embedded_run import FolderInUse
        from server.test_processor.settings import LiveKeys

        try:
            return super().invoke(ctx)
        except StoreUnavailable as error:
            raise click.ClickException(f"the store does not answer ({error}); `openline doctor` says more") from None
        except (DatabaseTooNew, FolderInUse, LiveKeys, NoStoreBinary, Refusal) as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_Plain, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="openline")
def main() -> None:
    """Openline: a live expert line.

    \b
    Look around:        openline demo
    Make a pool:        openline pool create support
    Fill it:            openline pool import experts.csv --pool support
    Let an expert in:   openline link --pool support --expert ada
    Serve it:           openline serve --store redis://store.example --database postgresql://db.example/openline
    Is all well?        openline doctor
    Do books add up?    openline audit

    Settings are options or environment variables, OPENLINE_...: the option's help names its own in brackets, the README
    names all. An option goes first. Secrets are environment variables or files only.
    """


@main.command()
@click.option("--port", type=int, help="Where to listen (default 8080; 0 for any free port). [OPENLINE_PORT]")
@click.option("--state", "state_dir", metavar="DIR", help="State folder (default .openline).")
def demo(port: int | None, state_dir: str | None) -> None:
    """Start with a dozen made-up experts and print sign-in links.

    All of it runs on this machine: a private store, SQLite, the server, and a processor of test cards to pay in with
    (no real money). Ctrl-C stops everything; what happened is kept in the state folder, so that the next start goes on
    from there.
    """
    from server.demo import demo as run

    raise SystemExit(run(config_of(port=port, state_dir=state_dir)))


@main.command()
@where
@click.option("--host", help="Address to listen on (default 127.0.0.1). [OPENLINE_HOST]")
@click.option("--port", type=int, help="Port (default 8080). [OPENLINE_PORT]")
@click.option("--workers", type=int, help="Server processes (default 1). [OPENLINE_WORKERS]")
@click.option(
    "--origin", "origins", multiple=True, help="An exact origin that may embed us; repeat. [OPENLINE_ORIGINS]"
)
@click.option("--public-host", "hosts", multiple=True, help="A host name we are reached by; repeat. [OPENLINE_HOSTS]")
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    help="Address of a proxy whose X-Forwarded-For and -Proto count; repeat. [OPENLINE_TRUSTED_PROXIES]",
)
@click.option(
    "--media",
    "media_workers",
    type=int,
    help="Media workers to start beside the server (default 1; 0: they run elsewhere). [OPENLINE_MEDIA]",
)
def serve(**given: Any) -> None:
    """Serve the line.

    \b
    On one machine, everything included:
        openline serve --public-host line.example --trusted-proxy 127.0.0.1
    Several servers before one store and one database (OPENLINE_SECRET_FILE must be the same on all):
        openline serve --workers 4 --host 0.0.0.0 --store rediss://store.example:6380 \\
            --database postgresql://openline@db.example/openline --origin https://shop.example
    Audio that costs something flows through media workers; `openline media --help` says how to open the firewall.
    For browsers that reach nobody directly: a TURN server, set up as deploy/coturn/README.md says:
        OPENLINE_TURN_URLS='turn:turn.example:3478?transport=udp,turns:turn.example:5349?transport=tcp'
        OPENLINE_TURN_SECRET_FILE=/etc/openline/turn-secret
    Telephones: OPENLINE_SIP_TRUNK or OPENLINE_ARI; docs/calls.md has all of it.
    Mails (sign-in links, messages to experts) go through OPENLINE_SMTP_URL, from OPENLINE_MAIL_FROM, with links to
    OPENLINE_BASE_URL:
        OPENLINE_SMTP_URL=smtp://user:password@mail.example:587    (STARTTLS; smtps://...:465 for TLS from the start;
                                                          ?starttls=never for a server of your own without either)
        OPENLINE_MAIL_FROM='Openline <no-reply@line.example>'
        OPENLINE_BASE_URL=https://line.example
    """
    from server.demo import serve as run

    raise SystemExit(run(config_of(**given)))


@main.command()
@where
@click.option("--host", help="Address that the server would listen on.")
@click.option("--port", type=int, help="Port that the server would listen on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of text.")
def doctor(as_json: bool, **given: Any) -> None:
    """Say what is wrong with store, database, media workers, telephones, TURN and mail.

    Also with ports, clock, folders and the card processor; and what to do about each. Exits with 1 when something
    fails. Run it with the settings of the server: what is set nowhere is not looked at.
    """
    import asyncio
    import os

    import msgspec

    from server.doctor import examine
    from server.findings import failed, render

    findings = asyncio.run(examine(config_of(**given), os.environ))
    click.echo(msgspec.json.encode(findings).decode() if as_json else render(findings))
    raise SystemExit(1 if failed(findings) else 0)


@main.command()
@click.option("--json-schema", "kind", flag_value="json-schema", default=True, help="JSON Schema of all messages.")
@click.option("--asyncapi", "kind", flag_value="asyncapi", help="The AsyncAPI document of the socket.")
@click.option("--typescript", "kind", flag_value="typescript", help="TypeScript types.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write, instead of the screen.")
def schema(kind: str, out: Path | None) -> None:
    """Write down the language of the socket.

    \b
    openline schema --asyncapi --out asyncapi.json
    """
    text = _schema(kind)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")


def _schema(kind: str) -> str:
    import msgspec

    from wire.schema import asyncapi, json_schema
    from wire.typescript import typescript

    if kind == "typescript":
        return typescript()
    made = asyncapi() if kind == "asyncapi" else json_schema()
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


for _command in (pool, account, token, link, media, audit, verify, test_processor, bench):
    main.add_command(_command)
