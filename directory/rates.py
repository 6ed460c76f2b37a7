"""What a minute with an expert costs. Pure; minor units of the pool's currency, 0 is free."""

from collections.abc import Mapping

from directory.expert import Expert, Mode, PoolOptions


def rate_of(expert: Expert, mode: Mode, options: PoolOptions) -> int:
    """What a minute costs in `mode` for who joins now. In a pool that is not prepaid everything is free."""
    return expert.mode_rates.get(mode, expert.rate) if options.prepaid else 0


def rates_of(expert: Expert, options: PoolOptions) -> Mapping[Mode, int]:
    """`rate_of` for each mode that the expert offers, in their order."""
    return {mode: rate_of(expert, mode, options) for mode in expert.modes}
