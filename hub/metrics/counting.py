"""Counts requests as they are answered, for Prometheus."""

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_ROUTE = "none"
OTHER_METHOD = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)


class RequestCounts:
    """How many requests were answered, by route and status, and how long they took.

    A route is named by its pattern, never by what a caller wrote, so that no caller can add one.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "genshare_hub_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "genshare_hub_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        known = method if method in METHODS else OTHER_METHOD
        self._answered.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class CountedRequests:
    """Counts every answer of an application, also those that no route made."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        counts: RequestCounts,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._counts = counts
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._clock(), 0

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        state = scope.setdefault("state", {})
        try:
            await self._app(scope, receive, send_counted)
        finally:
            route = state.get("route", NO_ROUTE)
            self._counts.add(scope["method"], route, status, self._clock() - began)
