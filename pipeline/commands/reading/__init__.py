"""Commands that read pictures: one, many, over HTTP, and what people say of them."""
