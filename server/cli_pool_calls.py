"""What `openline pool set` says about calls and files: its options, and how they are shown."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from directory.expert import PoolOptions

C = TypeVar("C", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option(
        "--bridge-audio/--no-bridge-audio", default=None,
        help="Whether free audio flows through our media workers, too. What costs something always does.",
    ),
    click.option("--recording/--no-recording", default=None, help="Whether calls may be recorded if both sides agree."),
    click.option("--recording-days", type=int, metavar="N", help="Recordings are erased after so many days."),
    click.option(
        "--phone-region", "phone_regions", multiple=True, metavar="CC",
        help="A country whose numbers are called (ISO 3166): DE, AT ... Repeat it.",
    ),
    click.option("--no-phone", is_flag=True, help="No number is called."),
    click.option("--verify-numbers/--no-verify-numbers", default=None, help="Whether a code confirms a number first."),
    click.option("--phone-calls", type=int, metavar="N", help="Calls in 24 hours to one number, and for one user."),
    click.option("--file-mb", type=int, metavar="N", help="The largest file in a chat, in megabytes; 0 takes none."),
    click.option("--file-days", type=int, metavar="N", help="Files of chats are erased after so many days."),
)  # fmt: skip


def call_options(command: C) -> C:
    """The options of `openline pool set` that are about calls and files."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def call_wishes(given: dict[str, Any]) -> dict[str, Any]:
    """Those that were named, taken out of `given`."""
    names = ("bridge_audio", "recording", "recording_days", "verify_numbers", "phone_calls", "file_mb", "file_days")
    taken = {name: given.pop(name) for name in names}
    regions = [region.upper() for region in given.pop("phone_regions")]
    if given.pop("no_phone"):
        if regions:
            raise click.UsageError("either --phone-region or --no-phone")
        return taken | {"phone_regions": []}
    return taken | {"phone_regions": regions or None}


def calls_shown(options: "PoolOptions") -> Sequence[str]:
    """Every option on a line of its own; those that mean nothing now are left out."""
    lines = [f"bridge audio\t{_yes(options.bridge_audio)}", f"recording\t{_yes(options.recording)}"]
    if options.recording:
        lines.append(f"recordings kept\t{options.recording_days} days")
    lines.append(f"telephone\t{', '.join(options.phone_regions) or 'no'}")
    if options.phone_regions:
        lines += [f"numbers confirmed\t{_yes(options.verify_numbers)}", f"calls\t{options.phone_calls} in 24 hours"]
    lines.append(f"files\t{f'up to {options.file_mb} MB' if options.file_mb else 'no'}")
    return lines + ([f"files kept\t{options.file_days} days"] if options.file_mb else [])


def _yes(value: bool) -> str:
    return "yes" if value else "no"
