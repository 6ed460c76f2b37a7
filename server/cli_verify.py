"""`openline verify`: check a receipt, without a server and without a database."""

from pathlib import Path

import click


@click.command("verify")
@click.argument("receipt", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", "key", metavar="KEY_OR_FILE",
    help="The server's public key, or a file of /.well-known/openline-receipts.json: nobody else may have signed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def verify(receipt: Path, key: str | None, as_json: bool) -> None:
    """Check a receipt: place, overtakes, time, charge, chain and signature.

    All of it is worked out again from the file alone. Without --key the signature is checked with the key that the
    receipt names: compare that with those that the server publishes. Exits with 1 when something does not fit.

    \b
    openline verify receipt.json
    openline verify receipt.json --key openline-receipts.json
    """
    import msgspec

    from billing.receipts.verify import BYTES_MAX, summary
    from billing.receipts.verify import verify as check

    with receipt.open("rb") as file:
        found = check(file.read(BYTES_MAX + 1), _keys(key))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        click.echo("\n".join(summary(found)))
    raise SystemExit(1 if found.problem else 0)


def _keys(given: str | None) -> list[str]:
    """The keys that may have signed; none for any."""
    import msgspec

    if given is None:
        return []
    path = Path(given)
    if not path.is_file():
        return [given]
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])["keys"]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
        found = []
    if not found:
        raise click.UsageError(f"{path} holds no keys: fetch /.well-known/openline-receipts.json again")
    return found
