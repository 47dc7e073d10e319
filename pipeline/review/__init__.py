"""Review: what was read below the threshold waits in an SQLite file until a person has said what stands there.

readings ── store.add ──> items ── store.next ──> leases, one reviewer an item ── store.decide ──> audit
                                                                                     └─ export ──> truth.csv, images
"""
