"""The work behind the routes: a bounded pool of threads, the recognition of an image, the counters."""
