"""The HTTP service: reading over the network, the page, and the review of what was unsure.

request ── guard ──> who may come in: host, origin, token; what leaves: headers that bind the browser
   └─ routes ──> bodies ──> the images of a request, within the limits, in memory only
         └─ pool ──> a bounded number of threads, a deadline for each image
               └─ recognition ──> the record, the same as of `read --json`
"""
