"""What Prometheus is told: requests, images, refusals, times; of all worker processes together where there are more."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # set where several processes count into one folder
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The counters of one application. The accepted share is accepted / (accepted + unsure) of the images."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "digitstring_requests", "HTTP requests answered.", ("route", "status"), registry=self.registry
        )
        self.request_seconds = Histogram(
            "digitstring_request_seconds",
            "From a request's headers to its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.images = Counter(
            "digitstring_images",
            "Images: accepted, unsure, unreadable, late, fault.",
            ("result",),
            registry=self.registry,
        )
        self.image_seconds = Histogram(
            "digitstring_image_seconds",
            "From an image's turn to its reading, waiting too.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.refusals = Counter(
            "digitstring_refusals", "Requests refused, by reason.", ("reason",), registry=self.registry
        )
        self.places = Gauge(
            "digitstring_requests_under_way",
            "Reading requests under way.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        for result in ("accepted", "unsure", "unreadable", "late", "fault"):
            self.images.labels(result)  # a rate needs its zero

    def exposition(self) -> bytes:
        """The text of /metrics."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
