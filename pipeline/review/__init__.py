"""Review: what was read below the threshold waits in an SQLite file until a person has said what stands there.

records ── submitting ──> an item for each unsure field, cut out of its page, or for a whole picture
   └─ store.add ──> items ── store.next ──> leases, one reviewer an item ── store.decide ──> audit
        └─ purging ──> what is decided, forgotten                               └─ export ──> truth.csv, images
"""
