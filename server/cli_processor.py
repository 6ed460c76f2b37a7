"""`openline test-processor`: somewhere to pay with test cards."""

from pathlib import Path

import click


@click.command("test-processor")
@click.option("--port", type=click.IntRange(0, 65_535), default=12_111, show_default=True, help="Where to listen.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--webhook", metavar="URL", default="", help="Where events go, such as http://localhost:8080/v1/processor/webhook."
)
@click.option("--public", metavar="URL", default="", help="Where browsers reach it (default: as it was called).")
@click.option(
    "--state", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(".openline"),
    show_default=True, help="Folder that keeps its keys and payments.",
)  # fmt: skip
@click.option("--copies", type=click.IntRange(1, 20), default=1, help="Deliver each event so many times.")
@click.option("--shuffle", type=int, metavar="SEED", help="Deliver events in another order.")
@click.option("--later", type=click.FloatRange(0, 3600), default=5.0, show_default=True,
              help="Seconds that delayed payments, disputes and late refunds take.")  # fmt: skip
def test_processor(
    port: int, host: str, webhook: str, public: str, folder: Path, copies: int, shuffle: int | None, later: float
) -> None:
    """Run a processor of cards that moves no real money, for trying deposits.

    It answers as Stripe's interface does and shows a page to pay on, with Stripe's published test numbers: some pay,
    some are declined, some ask for approval, some dispute. `openline demo` runs one by itself. It does not start while
    OPENLINE_STRIPE_KEY holds a live key.

    \b
    openline test-processor --webhook http://localhost:8080/v1/processor/webhook
    (set in the server's environment what it prints, then start `openline serve`)
    """
    import os
    import socket

    from server import logs
    from server.config import make_state_dir
    from server.test_processor.running import STATE_FILE, keys_of, serve
    from server.test_processor.settings import Settings, check_not_live

    check_not_live(os.environ)
    keys = keys_of(make_state_dir(folder))
    settings = Settings(
        key=keys.key, secret=keys.secret, webhook=webhook, public=public, state=str(folder / STATE_FILE),
        copies=copies, shuffle=shuffle, later_ms=round(later * 1000),
    )  # fmt: skip
    logs.set_up()
    with socket.create_server((host, port)) as listener:
        click.echo("Test processor: no real money. For the server:\n")
        click.echo(f"  OPENLINE_STRIPE_API=http://{host}:{listener.getsockname()[1]}")
        click.echo(f"  OPENLINE_STRIPE_KEY={keys.key}")
        click.echo(f"  OPENLINE_STRIPE_WEBHOOK_SECRET={keys.secret}\n")
        serve(settings, listener)
