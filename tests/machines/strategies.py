"""Who takes part in the machines, and with which settings, terms and amounts."""

from hypothesis import strategies as st

from queueing.facts import Terms
from queueing.settings import PoolSettings

EXPERTS, USERS, PROCESSES = ("ada", "bob", "cy"), ("uma", "vic", "wei", "xan"), ("p1", "p2")
experts, users, processes = st.sampled_from(EXPERTS), st.sampled_from(USERS), st.sampled_from(PROCESSES)
WORKERS = ("m1", "m2")
modes, workers = st.sampled_from(["chat", "audio", "audio", "phone"]), st.sampled_from(WORKERS)
sides = st.sampled_from(["user", "expert"])
settings_of_pools = st.builds(
    PoolSettings,
    lines_per_ticket=st.just(2),
    line_limit=st.sampled_from([2, 3]),
    ring_ms=st.just(6_001),
    ready_after_ms=st.sampled_from([1_002, 20_002]),
    ready_ms=st.just(4_003),
    unready_pause_ms=st.just(9_004),
    decline_pause_ms=st.just(7_005),
    declines_max=st.just(2),
    grace_ms=st.just(12_006),
    presence_grace_ms=st.just(3_007),
    step_away_max_ms=st.just(20_008),
    wrap_up_ms=st.just(5_009),
    connect_ms=st.just(6_010),
    session_cap_ms=st.sampled_from([25_011, 90_011]),
    frozen_max_ms=st.just(8_015),
    max_wait_ms=st.just(60_012),
    line_keep_ms=st.just(15_013),
    closing_notice_ms=st.just(4_014),
    call_ms=st.sampled_from([3_016, 7_017]),
    bridge_audio=st.sampled_from([0, 0, 1]),
)
terms_of_lines = st.dictionaries(
    experts,
    st.builds(
        Terms,
        rate=st.sampled_from([0, 100, 100, 250]),
        free_ms=st.sampled_from([0, 3_000]),
        limit_ms=st.sampled_from([20_000, 70_000]),
    ),
)
budgets = st.sampled_from([0, 800, 5_016, 12_000, 12_000, 70_017])
