"""Forms whose fields were named once."""
