"""The keys of answers in words, said once: docs/reading.md and the service's OpenAPI description say the same.

Their types are those of the dataclasses that make the answers (pipeline/reading/result.py,
pipeline/documents/fields.py); keys whose value would be None by default are left out, and so are `readers` and
a document's `errors` where there are none.
"""

from __future__ import annotations

ALTERNATIVE = {
    "text": "another text, or another digit",
    "confidence": "its probability",
}
OPINION = {
    "text": "what one reader alone would read, or null",
    "confidence": "its probability that this is exactly right",
}
MASK = {
    "text": "the text with its one unsure digit open, such as 12?4",
    "place": "of the open digit, from 0",
    "confidence": "probability that all but the open digit is right",
    "alternatives": "digits that may stand at the open place",
    "written": "only with `--format amount`: what stands there, with the same digit open, such as 1.2?4",
}
DIGIT = {
    "digit": "the digit",
    "confidence": "probability that it is this digit",
    "box": "source pixels of the upright picture: left, top, right, bottom; the last two exclusive",
    "alternatives": "other digits that the same ink may be",
}
READING = {
    "text": "the digits, or null when nothing was read",
    "confidence": "probability that `text` is exactly right; 0 when nothing was read",
    "accepted": "`confidence` is at or above the threshold",
    "digits": "for each digit: `digit`, `confidence`, `box` in source pixels (left, top, right, bottom), "
    "`alternatives`",
    "alternatives": "other texts, each `text` and `confidence`, the likeliest first; with the winner they sum to at "
    "most 1",
    "rounds": "how many searches it took",
    "format": "the format it was read in; only where one was given",
    "note": "only where digits stand there but nothing fits the format, or where several lines were read: a sentence "
    "that says so",
    "written": "only with `--format amount`: what stands there, marks included",
    "value": "only with `--format amount`: its exact value, as a string; null where marks or grouping leave a doubt",
    "value_note": "only where `value` is null: why",
    "written_confidence": "only with `--format amount`: probability that `written` is exactly right",
    "value_confidence": "only where there is a `value`: probability that it is right",
    "blank": "only where it is true: there is no ink; a null `text` without it is ink that is no number",
    "mask": "only with `--mask`, where it is not accepted and one digit alone is unsure: `text` with that digit open, "
    "its `place` from 0, the `confidence` of all the others, `alternatives` of the place, of an amount also `written`",
    "readers": "only where two readers read: what each alone would say, `lattice` and `line`, each `text` and "
    "`confidence`",
}
FIELD = {
    "name": "the field's name: found out, numbered, or given",
    "kind": "`amount`, `comb`, `box`, `line`, `micr` or `given`",
    "page": "its page, from 1",
    "box": "pixels of the upright page: left, top, right, bottom; the last two exclusive",
}
DOCUMENT = {
    "pages": "how many pages there are",
    "fields": "the fields, each with `name`, `kind`, `page`, `box` and the keys of a reading; text and digits above "
    "are those of the amount, or else of the first field with a number",
    "errors": "only where pages could not be read: a sentence for each",
}
FILE = {"file": "as given to `read`; relative to the folder for `batch`; of the service the client's name, or -"}
ERROR = {"error": "why the image could not be read"}
SERVED = {
    "review": "only where review is on and this is not accepted: the number of the item in the queue, of a document "
    "that of its first; null if it is not kept",
    "explanation": "only with `explain`, of a field: the picture, the cuts and the rounds of the search",
}
