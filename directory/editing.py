"""What an editor of a profile may change, and who may change what. Pure."""

from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType, structs, to_builtins

from directory.categories import stranger
from directory.expert import Expert, Mode, problems
from ground.errors import Refusal

Editor = Literal["expert", "operator"]
OPERATORS_OWN: Final = frozenset({"email", "rate", "mode_rates"})
"""Where messages go and what a minute costs are the pool's affair; all else experts may say of themselves."""


class Changes(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """New values of some fields of an expert (`directory/expert.py`); what is unset stays as it is."""

    name: str | UnsetType = UNSET
    headline: str | UnsetType = UNSET
    biography: str | UnsetType = UNSET
    categories: list[str] | UnsetType = UNSET
    languages: list[str] | UnsetType = UNSET
    modes: list[Mode] | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    hours: str | UnsetType = UNSET
    exceptions: str | UnsetType = UNSET
    holidays: str | UnsetType = UNSET
    started_on: str | UnsetType = UNSET
    rate: int | UnsetType = UNSET
    mode_rates: dict[Mode, int] | UnsetType = UNSET
    email: str | UnsetType = UNSET


class BadProfile(Refusal):
    """`bad_profile` with all that is wrong: pairs of a field and a reason in words."""

    def __init__(self, wrong: list[tuple[str, str]]) -> None:
        super().__init__("bad_profile", f"{wrong[0][0]}: {wrong[0][1]}")
        self.problems = wrong


def changed(expert: Expert, changes: Changes, by: Editor) -> Expert:
    """`expert` with `changes`. Refused `not_allowed` (its detail names the field)."""
    values = to_builtins(changes)
    for field in OPERATORS_OWN & values.keys():
        # An editor sends back what it was shown; only a wish to change it is refused.
        if by != "operator" and values[field] != getattr(expert, field):
            raise Refusal("not_allowed", field)
    return structs.replace(expert, **values)


def check(expert: Expert, tree: list[str]) -> None:
    """Raises BadProfile unless `expert` may stand in a pool with this tree of categories."""
    wrong = problems(expert)
    unknown = stranger(expert.categories, tree)
    if unknown:
        wrong.append(("categories", f"{unknown[:40]!r} is not a category of this pool"))
    if wrong:
        raise BadProfile(wrong)
