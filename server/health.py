"""Is it alive, is it ready, what has it done: `/healthz`, `/readyz`, `/metrics`."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ground.errors import StoreUnavailable
from server.counts import Counts
from server.door import Door
from sessions.media.workers import Listed

CHECK_S: Final = 2.0
Check = Callable[[], Coroutine[Any, Any, None]]
MediaWorkers = Callable[[], Coroutine[Any, Any, list[Listed]]]


class Health:
    """`checks` raise when what they are named after is not well; `ages` say how old a view is, in seconds; `media` are
    the media workers that are there."""

    def __init__(
        self, door: Door, checks: dict[str, Check], ages: Callable[[], dict[str, float]], media: MediaWorkers
    ) -> None:
        self._door = door
        self._checks = checks
        self._media = media
        self._registry = CollectorRegistry(auto_describe=False)
        self._counted = _Counted(door, ages)
        self._registry.register(self._counted)
        ProcessCollector(registry=self._registry)

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def alive(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(self, _request: Request) -> Response:
        """200 when every check passes; else 503 and which does not, but not why: that is in the log."""
        found = dict(zip(self._checks, await asyncio.gather(*map(_passes, self._checks.values())), strict=True))
        found["accepting"] = not self._door.stopping
        return JSONResponse({"ready": all(found.values()), "checks": found}, 200 if all(found.values()) else 503)

    async def metrics(self, _request: Request) -> Response:
        """Without the media workers while the store does not answer."""
        self._counted.media = None
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(CHECK_S):
                self._counted.media = await self._media()
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_S):
            await check()
    except Exception:
        return False
    return True


class _Counted(Collector):
    """The door's integers as Prometheus metrics. Each worker answers for itself, with its process id as a label."""

    def __init__(self, door: Door, ages: Callable[[], dict[str, float]]) -> None:
        self._door = door
        self._ages = ages
        self._pid = str(os.getpid())
        self.media: list[Listed] | None = None

    def collect(self) -> Iterator[Metric]:
        door, hub, counts = self._door, self._door.hub, self._door.counts
        yield self._gauge("connections", "Open sockets.", {"": len(door.sockets)}, "")
        yield self._gauge("stalled_readers", "Sockets whose reader is behind.", {"": len(door.stalled)}, "")
        dropped = sum(socket.dropped for socket in door.sockets)
        yield self._gauge("outbox_drops", "Frames kept from slow readers who are connected now.", {"": dropped}, "")
        yield self._gauge("view_age_seconds", "Since the store last confirmed our view.", self._ages(), "pool")
        yield self._count("handshakes", "Sockets opened.", {"": counts.handshakes}, "")
        yield self._count("handshakes_rejected", "Upgrades refused.", counts.rejected, "why")
        yield self._count("messages", "Messages received, by name.", counts.messages, "name")
        yield self._count("refusals", "Refusals, by code.", counts.refusals, "code")
        yield self._count("closes", "Sockets closed by us, by reason.", counts.closes, "reason")
        yield self._count("fanout_changes", "Changes posted to watched topics.", {"": hub.posts}, "")
        yield self._count("fanout_frames", "Frames encoded.", {"": hub.frames}, "")
        yield self._count("fanout_deliveries", "Frames written to watchers.", {"": hub.deliveries}, "")
        yield self._latencies(counts)
        if self.media is not None:
            yield from self._workers(self.media)

    def _workers(self, media: list[Listed]) -> Iterator[Metric]:
        sums = {name: sum(getattr(one, name) for one in media) for name in ("carries", "most", "lines")}
        yield self._gauge("media_workers", "Media workers that are there.", {"": len(media)}, "")
        yield self._gauge("media_sessions", "Sessions that they carry.", {"": sums["carries"]}, "")
        yield self._gauge("media_sessions_most", "Sessions that they take at most.", {"": sums["most"]}, "")
        yield self._gauge("media_free_lines", "Telephone calls that they could make now.", {"": sums["lines"]}, "")

    def _gauge(self, name: str, words: str, values: dict[str, float] | dict[str, int], label: str) -> Metric:
        family = GaugeMetricFamily(f"openline_{name}", words, labels=self._labels(label))
        for key, value in values.items():
            family.add_metric([self._pid, *([key] if label else [])], value)
        return family

    def _count(self, name: str, words: str, values: dict[str, int], label: str) -> Metric:
        family = CounterMetricFamily(f"openline_{name}", words, labels=self._labels(label))
        for key, value in values.items():
            family.add_metric([self._pid, *([key] if label else [])], value)
        return family

    def _latencies(self, counts: Counts) -> Metric:
        family = HistogramMetricFamily("openline_command_seconds", "Until the answer.", labels=self._labels("name"))
        for name, places in counts.commands.items():
            total, buckets = 0, []
            for bound, count in zip((*map(str, Counts.BUCKETS), "+Inf"), places, strict=True):
                total += count
                buckets.append((bound, float(total)))
            family.add_metric([self._pid, name], buckets, counts.seconds[name])
        return family

    def _labels(self, label: str) -> list[str]:
        return ["process", label] if label else ["process"]
