"""What `openline doctor` found: one line per matter, and what to do about it. Pure judgements of plain facts."""

from typing import Literal

from msgspec import Struct

from ground.checkup import StoreFacts

Verdict = Literal["ok", "warn", "fail"]

STORE_FLOOR = (7, 0)
PYTHON_FLOORS = {11: 15, 12: 13, 13: 12}
_LOSES = {
    "everysec": "a power cut, or its death while its disk is busy, takes 2 s of acknowledged changes with it",
    "no": "a power cut takes half a minute of acknowledged changes with it",
}
SKEW_WARN_MS = 250
SKEW_FAIL_MS = 2_000


class Finding(Struct, frozen=True):
    """One line of the report. `way_out` says what to do, and is empty when nothing is to be done."""

    verdict: Verdict
    subject: str
    text: str
    way_out: str = ""


def judge_store(facts: StoreFacts) -> list[Finding]:
    """Version, functions, eviction and persistence."""
    version = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    floor = ".".join(map(str, STORE_FLOOR))
    found = [
        Finding("ok", "store version", facts.version)
        if version >= STORE_FLOOR
        else Finding("fail", "store version", facts.version, f"use Valkey or Redis {floor} or newer"),
        Finding("ok", "store functions", "can be loaded")
        if not facts.function_error
        else Finding(
            "fail",
            "store functions",
            facts.function_error,
            "allow this user FUNCTION, FCALL and @scripting (ACL SETUSER)",
        ),
    ]
    return [*found, judge_eviction(facts.settings), judge_append_only(facts.settings)]


def judge_eviction(settings: dict[str, str]) -> Finding:
    policy = settings.get("maxmemory-policy")
    if policy is None:
        return _unreadable("store memory", "maxmemory-policy noeviction")
    if policy == "noeviction":
        return Finding("ok", "store memory", "nothing is evicted")
    return Finding(
        "fail",
        "store memory",
        f"maxmemory-policy is {policy}: a full store would throw people out of their lines",
        "set maxmemory-policy noeviction",
    )


def judge_append_only(settings: dict[str, str]) -> Finding:
    append_only = settings.get("appendonly")
    if append_only is None:
        return _unreadable("store persistence", "appendonly yes")
    if append_only != "yes":
        return Finding(
            "warn", "store persistence", "a restart of the store loses who waits where", "set appendonly yes"
        )
    fsync = settings.get("appendfsync", "unknown")
    if fsync == "always":
        return Finding("ok", "store persistence", "append-only file, on the disk before anything is acknowledged")
    loses = _LOSES.get(fsync, "it is not known what a power cut loses")
    return Finding("warn", "store persistence", f"appendfsync is {fsync}: {loses}", "set appendfsync always")


def _unreadable(subject: str, wanted: str) -> Finding:
    return Finding("warn", subject, "the store does not let us read its settings", f"see that it has: {wanted}")


def judge_clock(store_ms: int, machine_ms: int) -> Finding:
    """Deadlines run on the store's clock, tokens on the machine's: they must agree."""
    skew = machine_ms - store_ms
    text = f"this machine is {abs(skew)} ms {'ahead of' if skew > 0 else 'behind'} the store"
    if abs(skew) <= SKEW_WARN_MS:
        return Finding("ok", "clock", text)
    verdict: Verdict = "warn" if abs(skew) <= SKEW_FAIL_MS else "fail"
    return Finding(verdict, "clock", text, "run a time service (chrony, systemd-timesyncd) on both machines")


def judge_schema(current: str, head: str) -> Finding:
    if current == head:
        return Finding("ok", "database schema", f"at {head}")
    if not current:
        return Finding("warn", "database schema", "empty", "`openline serve` makes it on its first start")
    return Finding(
        "warn", "database schema", f"at {current}, this version wants {head}", "`openline serve` migrates it"
    )


def judge_python(version: tuple[int, int, int]) -> Finding:
    """CPython below these releases lets line breaks into mail headers (CVE-2026-1299, CVE-2024-6923)."""
    text = ".".join(map(str, version))
    patch = PYTHON_FLOORS.get(version[1], 0) if version[0] == 3 else 0
    if version[2] >= patch:
        return Finding("ok", "python", text)
    return Finding("warn", "python", f"{text} has known holes", f"use {version[0]}.{version[1]}.{patch} or newer")


def render(findings: list[Finding]) -> str:
    """The report for people: one line each, the way out below what needs one."""
    lines = []
    for found in findings:
        lines.append(f"{found.verdict:<5}{found.subject}: {found.text}")
        if found.way_out:
            lines.append(f"     → {found.way_out}")
    return "\n".join(lines)


def failed(findings: list[Finding]) -> bool:
    return any(found.verdict == "fail" for found in findings)
