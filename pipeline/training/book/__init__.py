"""The networks of Nielsen's book: trained, and what they say of a picture."""
