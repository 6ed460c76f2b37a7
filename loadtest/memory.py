"""`bench memory`: resident memory of the server per idle watcher."""

from contextlib import ExitStack

from loadtest.figures import Report, at_most, progress
from loadtest.private_server import PrivateServer

STEPS = (1000, 5000, 10_000)
QUICK_STEPS = (1000, 5000)
EXPERTS = 12
BAR_KB = 14.0


def run(*, quick: bool) -> Report:
    """RSS of all server processes with so many watchers, over that with one; the kernel's buffers are not in it."""
    rows, figures, bars = [], {}, []
    with PrivateServer(EXPERTS) as server, server.staff("online"), ExitStack() as stack:
        # One watcher first, so that what is loaded on first use does not count as theirs.
        stack.enter_context(server.watchers(1)).opened().settle(500)
        base, open_now = server.rss_bytes(), 0
        for count in QUICK_STEPS if quick else STEPS:
            progress(f"{count} watchers")
            stack.enter_context(server.watchers(count - open_now)).opened().settle(1000)
            open_now = count
            each_kb = (server.rss_bytes() - base) / count / 1024
            figures[str(count)] = round(each_kb, 2)
            rows.append([str(count), f"{server.rss_bytes() / 2**20:.1f}", f"{each_kb:.2f}"])
            bars.append(at_most(f"memory per idle watcher, {count}", each_kb, BAR_KB, "KiB"))
    report = Report("memory", {"quick": quick, "base_mb": round(base / 2**20, 1), "kb_per_watcher": figures}, [], bars)
    report.tables.append(
        (f"idle watchers (without any: {base / 2**20:.1f} MiB)", ["watchers", "RSS MiB", "KiB each"], rows)
    )
    return report
