"""Whole documents: pages, their printed lines, the fields between them, and what stands in the fields.

file ── pages ──> grey (H, W), a page each
  └─ sheet ──> Sheet: the page at working size, level, light and dark told apart; the way back to the page
     └─ lines ──> printed lines, across and down
        ├─ cells ──> what the lines enclose ── combs, boxes ──┐
        └─ rows ──> writing outside of all boxes ─────────────┴─> Field(name, kind, page, box)
           └─ cutouts ──> a picture of each field, its printed lines taken out ── Reader ──> DocumentReading
"""
