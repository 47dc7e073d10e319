"""The HTTP service: reading over the network, the page, and the review of what was unsure.

request ── gate ──> who may come in, and its images, within the limits, in memory only
   └─ routes ──> what was asked, in the shapes of the OpenAPI description
         └─ work ──> a bounded number of threads, a deadline for each image ──> the record, as of `read --json`
"""
