"""`openline media`: media workers, which carry the sound of all sessions that cost something."""

from typing import Any

import click

from server.cli_options import STORE_ADDRESSES, config_of


@click.command()
@click.option("--store", metavar="URL", help=f"{STORE_ADDRESSES} That of the servers. [OPENLINE_STORE]")
@click.option(
    "--sessions",
    "media_sessions",
    type=int,
    help="Sessions that this worker takes at most (default 100). [OPENLINE_MEDIA_SESSIONS]",
)
@click.option("--state", "state_dir", metavar="DIR", help="State folder (default .openline). [OPENLINE_STATE_DIR]")
def media(**given: Any) -> None:
    """Run a media worker: it carries the sound of sessions, sees that it flows, and cuts it when the money is spent.

    `openline serve` and `openline demo` start one beside themselves (OPENLINE_MEDIA=0: none, OPENLINE_MEDIA=4: four),
    which is enough for a hundred sessions. A worker is one process on one core. More of them, here or on other
    machines, need the store's address, and no secret and no database of the servers; sessions find the one with the
    most room, and those of one that dies go to another.

    \b
    On another machine:
        OPENLINE_MEDIA_PORTS=40000-40999 OPENLINE_MEDIA_ANNOUNCE=203.0.113.7 \\
            openline media --store rediss://store.example:6380
    The browsers come to it by UDP, on a port for each of the two:
        OPENLINE_MEDIA_PORTS=40000-40999      the ports to listen at; open them for UDP in the firewall, inwards
                                              (by default the system chooses any port). Two for each session, and as
                                              many again for those who change their network; workers on one machine
                                              may share a range.
        OPENLINE_MEDIA_ANNOUNCE=203.0.113.7   the address that browsers are told, where the machine stands behind a
                                              NAT that keeps ports (most clouds)
        OPENLINE_MEDIA_HOSTS=10.0.0.5         addresses to listen at, separated by commas (all of the machine's)
        OPENLINE_MEDIA_PRIVATE=1              speak with browsers in private networks, too, and on this machine.
                                              Without it a worker sends nothing there: it is no way to scan them.
                                              (One that a server starts, which is reached at localhost only, does.)
    Browsers that reach no UDP need a TURN server that reaches the worker; see deploy/coturn.

    \b
    A worker with a way to the telephone network calls telephones:
        OPENLINE_SIP_TRUNK='sip:openline@sip.provider.example;transport=tls;srtp=mandatory'
        OPENLINE_SIP_SECRET_FILE=/etc/openline/sip-secret
    or OPENLINE_ARI and what belongs to it, for an Asterisk; see deploy/asterisk. It says codes and announcements there
    where espeak-ng is installed (OPENLINE_SPEECH names another program, or "off").

    \b
    Where calls are recorded, it writes them into the folder that the servers have, under the same or another path:
        OPENLINE_RECORDINGS=/srv/openline/recordings
    (by default "recordings" in the state folder). Where no server has opened that folder, it records nothing.

    SIGTERM: the worker takes nothing new, its calls go to other workers within a second or two, then it stops.
    Telephone calls can't go elsewhere and end. SIGKILL, or a machine that is gone: calls stand still, at no cost, until
    the browsers have come to another worker, ten seconds later at most.
    """
    from msgspec import structs

    from server.config_media import on_its_own
    from server.media_process import run

    config = config_of(keyless=True, **given)
    if config.embedded:
        raise click.UsageError("name the store of the servers with --store; a server without one starts its own worker")
    raise SystemExit(run(structs.replace(config, media=on_its_own(config.media)), alone=True))
