"""What `openline pool set` says about money: its options, what they mean for the pool, and how they are shown."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from ground.currency import digits_of, whole

if TYPE_CHECKING:
    from directory.expert import PoolOptions

C = TypeVar("C", bound=Callable[..., Any])
_DIGITS_MAX: Final = 12


class _Number(click.ParamType[Decimal]):
    """A decimal number of zero or more, as people type it."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        text = str(value)
        if len(text) > _DIGITS_MAX or not text.replace(".", "", 1).isdigit() or not text.isascii():
            self.fail(f"{text[:20]!r} is not a number like 20 or 12.50", param, ctx)
        return Decimal(text)


_OPTIONS: Final = (
    click.option("--prepaid/--no-prepaid", default=None, help="Whether time is charged from what users have paid in."),
    click.option("--fee", type=_Number(), metavar="PERCENT", help="The pool's part of each charge: 20 or 12.5."),
    click.option(
        "--free-minutes", type=int, metavar="N",
        help="So many minutes at the start of a session are free: of --free-calls sessions a day, not of visitors.",
    ),
    click.option("--minimum-minutes", type=int, metavar="N", help="Who can't pay for so many is not let into a line."),
    click.option("--free-calls", type=int, metavar="N", help="Calls at no cost, of one user with one expert a day."),
    click.option(
        "--deposit", "deposits", type=_Number(), multiple=True, metavar="AMOUNT",
        help="An amount to offer for deposits, in the pool's currency: 25 or 25.50. Repeat it.",
    ),
    click.option("--deposit-max", type=_Number(), metavar="AMOUNT", help="The largest deposit."),
)  # fmt: skip


def money_options(command: C) -> C:
    """The options of `openline pool set` that are about money."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def money_wishes(given: dict[str, Any]) -> dict[str, Any]:
    """Those that were named, taken out of `given`; amounts still in units of the currency."""
    taken = {
        name: given.pop(name)
        for name in ("prepaid", "free_minutes", "minimum_minutes", "free_calls", "deposit_max", "deposits")
    }
    percent = given.pop("fee")
    taken["fee_bps"] = None if percent is None else _integer(percent * 100, "--fee has at most two digits")
    taken["deposits"] = list(taken["deposits"]) or None
    return taken


def in_minor_units(before: "PoolOptions", wishes: Mapping[str, Any]) -> dict[str, Any]:
    """`wishes` with their amounts in minor units of the currency that the pool has then."""
    currency = wishes.get("currency", before.currency)

    def minor(amount: Decimal) -> int:
        digits = digits_of(currency)
        return _integer(amount.scaleb(digits), f"{amount} has more than the {digits} digits of {currency}")

    changed = dict(wishes)
    if "deposits" in wishes:
        changed["deposits"] = [minor(amount) for amount in wishes["deposits"]]
    if "deposit_max" in wishes:
        changed["deposit_max"] = minor(wishes["deposit_max"])
    return changed


def shown(options: "PoolOptions") -> Sequence[str]:
    """What is general and what is about money, each on a line; the latter only where money is charged."""
    lines = [
        f"currency\t{options.currency}",
        f"visitors\t{_yes(options.visitors)}",
        f"feedback after\t{options.feedback_after_s} s",
        f"prepaid\t{_yes(options.prepaid)}",
    ]
    return lines + (_money(options) if options.prepaid else [])


def _money(options: "PoolOptions") -> list[str]:
    def amount(minor: int) -> str:
        return f"{whole(minor, options.currency)} {options.currency}"

    return [
        f"fee\t{Decimal(options.fee_bps) / 100} %",
        f"free minutes\t{options.free_minutes}",
        f"minimum\t{options.minimum_minutes} min",
        f"free calls\t{options.free_calls} in 24 hours",
        *(f"deposit\t{amount(minor)}" for minor in options.deposits),
        f"largest deposit\t{amount(options.deposit_max)}",
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _integer(value: Decimal, problem: str) -> int:
    if value != int(value):
        raise click.UsageError(problem)
    return int(value)
