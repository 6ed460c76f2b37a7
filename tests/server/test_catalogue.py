"""What a process knows of a directory, carried on by what changed."""

import pytest

from directory.expert import Expert, Pool, PoolOptions
from directory.profiles import Directory
from server.catalogue import Page
from sessions.standing import Standing


def told(*changed: tuple[str, str], ids: str) -> Directory:
    people = [Expert(expert=expert, name=name) for expert, name in changed]
    return Directory(pool=Pool(pool="demo", name="Demo", revision=2), changed=people, ids=set(ids.split()))


def filled() -> Page:
    page = Page("demo")
    page.fill(told(("ada", "Ada"), ("bob", "Bob"), ("eve", "Eve"), ids="ada bob eve"))
    return page


def test_a_new_name_finds_its_place_and_who_is_gone_leaves() -> None:
    page = filled()
    page.fill(told(("eve", "Aaron"), ("zoe", "Zoe"), ids="ada eve zoe"))
    assert list(page.profiles) == list(page.experts) == ["eve", "ada", "zoe"]
    assert [one.name for one in page.profiles.values()] == ["Aaron", "Ada", "Zoe"]
    assert (page.name("eve"), page.name("bob")) == ("Aaron", "bob")


def test_what_changed_beside_the_name_stays_in_its_place() -> None:
    page = filled()
    page.count({"bob": Standing(sessions=3, ratings=1, stars=4.0)})
    before = page.profiles["ada"]
    page.fill(
        Directory(pool=page.pool, changed=[Expert(expert="bob", name="Bob", headline="x")], ids={"ada", "bob", "eve"})
    )
    assert list(page.profiles) == ["ada", "bob", "eve"] and page.profiles["ada"] is before
    assert (page.profiles["bob"].headline, page.profiles["bob"].stars, page.profiles["bob"].sessions) == ("x", 4.0, 3)


@pytest.mark.claim("A10")
def test_rates_are_told_for_each_mode_and_only_where_they_are_charged() -> None:
    page = filled()
    zoe = Expert(expert="zoe", name="Zoe", modes=["audio", "chat"], rate=120, mode_rates={"chat": 90})
    page.fill(Directory(pool=page.pool, changed=[zoe], ids={"ada", "zoe"}))
    assert page.profiles["zoe"].rate == 0 and {one.rate for one in page.profiles["zoe"].rates} == {0}
    for prepaid, rates in ((True, [("audio", 120), ("chat", 90)]), (False, [("audio", 0), ("chat", 0)])):
        pool = Pool(pool="demo", name="Demo", revision=3, options=PoolOptions(prepaid=prepaid))
        page.fill(Directory(pool=pool, changed=[], ids={"ada", "zoe"}))
        told = page.profiles["zoe"]
        assert [(one.mode, one.rate) for one in told.rates] == rates and told.rate == min(rates, key=lambda r: r[1])[1]
        assert [(one.mode, one.rate) for one in page.profiles["ada"].rates] == [("chat", 0)]


def test_standings_that_come_and_go_change_only_whom_they_concern() -> None:
    page = filled()
    page.count({"ada": Standing(ratings=2, stars=4.5)})
    ada, bob = page.profiles["ada"], page.profiles["bob"]
    page.count({"bob": Standing(ratings=1, stars=3.0), "gone": Standing(ratings=9, stars=1.0)})
    assert (page.profiles["ada"].stars, page.profiles["bob"].stars) == (0.0, 3.0)
    assert (ada.stars, bob.stars) == (4.5, 0.0) and "gone" not in page.profiles
