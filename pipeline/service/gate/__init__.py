"""The gate: who may come in, how long headers and bodies may take, and what comes in.

connection ── connections ──> a deadline for the headers, so many connections at once
   └─ guard ── admission ──> host, origin, token; a line in the log and in the metrics
        └─ receiving ──> the body, within its deadline, size and share of memory
             └─ bodies ──> its images and its plain fields; nothing reaches the file system
"""
