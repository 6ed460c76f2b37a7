"""`openline bench`: hands over to the load tests, which are only imported when they are asked for."""

import click


class _LoadTests(click.Group):
    """The benches as `loadtest.cli` lists them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _benches().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _benches().get_command(ctx, cmd_name)


def _benches() -> click.Group:
    from loadtest.cli import bench as group

    return group


bench = _LoadTests(
    "bench",
    help="Measure what this machine bears.\n\n\b\nopenline bench fanout --quick\nopenline bench storm --json\n\n"
    '--json prints one object that ends with "bars"; --quick is an honest small run.',
)
