"""Many images: folders, worker processes, clusters, records."""
