"""What a worker says of a side: each change once, lasting silence again."""

import itertools

from sessions.media.hearing import AGAIN_S, QUIET_MS, Ear


def test_an_ear_tells_each_change_once_and_lasting_silence_again() -> None:
    ear, said = Ear(), []
    heard_at = 0.0
    for tick in range(200):
        now = 100 + tick * 0.25
        if 20 <= tick < 60 or tick >= 150:
            heard_at = now
        silent = round((now - (heard_at or 100)) * 1000)
        news = ear.news(heard_at, silent, now)
        if news is not None:
            said.append((tick, news))
            ear.told(news, now)
    first, quiet = (20, 0), [one for one in said if one[1]]
    assert said[0] == first and said[-1] == (150, 0)
    assert quiet[0] == (67, QUIET_MS)
    gaps = {later[0] - earlier[0] for earlier, later in itertools.pairwise(quiet)}
    assert gaps == {int(AGAIN_S / 0.25)}


def test_an_ear_repeats_what_was_not_heard() -> None:
    ear = Ear()
    assert [ear.news(5.0, 0, 5.0), ear.news(5.25, 0, 5.25)] == [0, 0]
    ear.told(0, 5.25)
    assert ear.news(5.5, 0, 5.5) is None
