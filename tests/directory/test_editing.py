"""Who may change what of a profile, and the tree of categories."""

import pytest

from directory.categories import stranger, tree_problem
from directory.editing import BadProfile, Changes, changed, check
from directory.expert import RATE_MAX, Expert, PoolOptions
from directory.profiles import Profiles
from directory.testimonials import EACH_MAX
from directory.testimonials import Testimonials as Entered
from ground.errors import Refusal
from ground.sql import Database

ADA = Expert(expert="ada", name="Ada", rate=5, email="a@line.example", categories=["Money/Taxes"])


def test_experts_change_all_but_what_the_pool_decides() -> None:
    assert changed(ADA, Changes(headline="x", rate=5, email="a@line.example"), "expert").headline == "x"
    for wish in (Changes(rate=6), Changes(mode_rates={"chat": 6}), Changes(email="b@line.example")):
        with pytest.raises(Refusal, match="not_allowed"):
            changed(ADA, wish, "expert")
        assert changed(ADA, wish, "operator") != ADA


def test_everything_that_is_wrong_is_named() -> None:
    with pytest.raises(BadProfile) as bad:
        check(changed(ADA, Changes(name="", timezone="Mars", categories=["Magic"]), "expert"), ["Money/Taxes"])
    assert [field for field, _reason in bad.value.problems] == ["name", "timezone", "categories"]
    with pytest.raises(BadProfile) as bad:
        check(changed(ADA, Changes(rate=-1, mode_rates={"chat": RATE_MAX + 1, "audio": 0}), "operator"), [])
    assert [field for field, _reason in bad.value.problems] == ["rate", "rate_chat"]


@pytest.mark.parametrize(
    "paths", [["a//b"], ["/a"], ["a/"], [""], [" a"], ["a/b/c/d/e"], ["a", "b", "a"], ["a\n"], ["a\u202eb"]]
)
def test_what_is_no_tree(paths: list[str]) -> None:
    assert tree_problem(paths)


def test_a_tree_holds_its_paths_and_what_lies_above_them() -> None:
    tree = ["Money/Taxes/VAT", "Health"]
    assert not tree_problem(tree)
    assert stranger(["Money", "Money/Taxes", "Health"], tree) == ""
    assert stranger(["Health", "Taxes"], tree) == "Taxes"
    assert stranger(["anything"], []) == "", "a pool without a tree takes any"


async def test_a_pool_with_a_tree_takes_only_its_categories(database: Database) -> None:
    profiles = Profiles(database)
    await profiles.create_pool("demo", "Demo")
    await profiles.put_experts("demo", [ADA])
    await profiles.put_options("demo", PoolOptions(categories=["Health"]))
    assert await profiles.expert("demo", "ada") == ADA, "who is there keeps what they have"
    with pytest.raises(BadProfile, match="categories"):
        await profiles.change("demo", "ada", Changes(headline="x"), "expert")
    with pytest.raises(Refusal, match="bad_profile"):
        await profiles.put_experts("demo", [ADA])
    with pytest.raises(BadProfile):
        await profiles.put_options("demo", PoolOptions(categories=["a//b"]))
    after = await profiles.change("demo", "ada", Changes(categories=["Health"], headline="x"), "expert")
    assert after == await profiles.expert("demo", "ada") and after.headline == "x"
    revision = (await profiles.pool("demo")).revision
    await profiles.change("demo", "ada", Changes(headline="x"), "expert")
    assert (await profiles.pool("demo")).revision == revision, "nothing has changed"
    with pytest.raises(Refusal, match="unknown_expert"):
        await profiles.change("demo", "bob", Changes(), "operator")


async def test_testimonials_are_of_their_expert_and_as_many_as_may_be(database: Database) -> None:
    profiles, testimonials = Profiles(database), Entered(database)
    await profiles.create_pool("demo", "Demo")
    await profiles.put_experts("demo", [ADA, Expert(expert="bob", name="Bob")])
    first = await testimonials.add("demo", "ada", " good ", "A reader", 5)
    assert (first.text, await testimonials.of("demo", "ada"), await testimonials.of("demo", "bob")) == (
        "good",
        [first],
        [],
    )
    with pytest.raises(Refusal, match="not_found"):
        await testimonials.remove("demo", "bob", first.testimonial)
    with pytest.raises(Refusal, match="unknown_expert"):
        await testimonials.add("demo", "eve", "x", "y", 5)
    for _ in range(EACH_MAX - 1):
        await testimonials.add("demo", "ada", "x", "y", 6)
    with pytest.raises(Refusal, match="too_many_testimonials"):
        await testimonials.add("demo", "ada", "x", "y", 7)
