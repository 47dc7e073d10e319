"""Numbers whose last digit is the check digit that a format asks for."""

from __future__ import annotations

from pipeline.formats.format import parse_format


def with_check_digit(name: str, digits: str) -> str:
    """The digits, and behind them the one that makes them a number of the format: `luhn`, `aba`."""
    fits = parse_format(name).fits
    return next(digits + check for check in "0123456789" if fits(digits + check))
