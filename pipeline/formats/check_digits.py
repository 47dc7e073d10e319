"""Check digits as automata: what a check digit rules out takes no part in the search."""

from __future__ import annotations

from pipeline.errors import UsageError
from pipeline.formats.automaton import Automaton
from pipeline.formats.patterns import compile_pattern

# Digits of an IBAN after the two letters of the country (ISO 13616, SWIFT registry), where digits alone may follow,
# or, as in Switzerland and Liechtenstein, are what banks give out.
IBAN_DIGITS = {
    "AE": 21, "AT": 18, "BA": 18, "BE": 14, "CH": 19, "CZ": 22, "DE": 20, "DK": 16, "EE": 18, "ES": 22, "FI": 16,
    "HR": 19, "HU": 26, "IL": 21, "IS": 24, "LI": 19, "LT": 18, "ME": 20, "NO": 13, "PL": 26, "PT": 23, "RS": 20,
    "SE": 22, "SI": 17, "SK": 22, "TN": 22,
}  # fmt: skip


def luhn() -> Automaton:
    """Texts of two digits or more whose last digit is Luhn's (ISO/IEC 7812-1, annex B).

    Which digits are doubled shows only at the end; so both sums are kept: the last digit counted plainly, or doubled.
    """

    def step(state: tuple[int, int, int], digit: int) -> tuple[int, int, int]:
        count, plain, doubled = state
        twice = 2 * digit - 9 * (digit > 4)
        return min(count + 1, 2), (doubled + digit) % 10, (plain + twice) % 10

    return Automaton.explore((0, 0, 0), step, lambda state: state[0] == 2 and state[1] == 0)


def mod11_backwards() -> Automaton:
    """Texts of two digits or more, *from the last to the first*, with a check digit modulo 11.

    The check digit counts once, those before it 2, 3, 4, 5, 6, 7, 2, ... times; the sum is a multiple of 11.
    """

    def step(state: tuple[int, int], digit: int) -> tuple[int, int]:
        place, total = state
        weight = 1 if place == 0 else 2 + (place - 1) % 6
        return (place + 1 if place < 7 else 2), (total + weight * digit) % 11

    return Automaton.explore((0, 0), step, lambda state: state[0] > 1 and state[1] == 0)


def weighted(weights: tuple[int, ...], modulus: int, remainder: int = 0) -> Automaton:
    """Texts as long as `weights` whose weighted sum leaves `remainder`."""

    def step(state: tuple[int, int], digit: int) -> tuple[int, int] | None:
        place, total = state
        return None if place == len(weights) else (place + 1, (total + weights[place] * digit) % modulus)

    return Automaton.explore((0, 0), step, lambda state: state == (len(weights), remainder % modulus))


def ean13() -> Automaton:
    """Thirteen digits of a GTIN (GS1): counted 1, 3, 1, 3, ... times, their sum is a multiple of 10."""
    return weighted((1, 3) * 6 + (1,), 10)


def aba() -> Automaton:
    """Nine digits of an American routing number: 3, 7, 1, 3, 7, 1, ... times, their sum is a multiple of 10."""
    return weighted((3, 7, 1) * 3, 10)


def iban(country: str) -> Automaton:
    """The digits of an IBAN of a country, its two letters left out: two check digits, then the account.

    With the letters as numbers (A = 10) and the check digits moved to the end, it is 1 modulo 97; the check digits are
    02 to 98 (ISO 7064).
    Raises UsageError for a country whose account numbers are not known to be digits.
    """
    if country not in IBAN_DIGITS:
        raise UsageError(
            f"only digits are read, not letters, so that an IBAN needs its country, as iban:DE, and one "
            f"whose account numbers are digits: {', '.join(IBAN_DIGITS)}; not {country!r}"
        )
    letters = int("".join(str(ord(letter) - ord("A") + 10) for letter in country))
    last = IBAN_DIGITS[country] - 1
    weights = (10, 1, *(pow(10, 6 + last - place, 97) for place in range(2, last + 1)))
    return weighted(weights, 97, 1 - 100 * letters) & compile_pattern(rf"(0[2-9]|[1-8]\d|9[0-8])\d{{{last - 1}}}")
