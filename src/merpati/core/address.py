"""Addresses: what a caller writes becomes digits of an international number, or a group id. Pure.

Source: Fonnte docs, API send message, parameters `target` and `countryCode`: a leading 0 becomes the country
code (default 62); `countryCode` 0 switches every replacement off. The docs say nothing of punctuation: we take
what people paste. ITU-T E.164 allows at most 15 digits; fewer than 7 is no reachable number.
"""

import re

from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address

FEWEST_DIGITS, MOST_DIGITS = 7, 15
HOME_COUNTRY = "62"
"""Of a number that names none."""
NO_REPLACEMENT = "0"
_PUNCTUATION = re.compile(r"[\s\-‐‑‒–—.()\[\]/\u00a0\u200e\u200f\u202a-\u202e\u2060\ufeff]+")
_GROUP = re.compile(r"(?:\d{5,20}-)?\d{5,25}@g\.us")


def is_group(address: str) -> bool:
    """Whether this address is a group's (`…@g.us`)."""
    return address.endswith("@g.us")


def parse_country_code(text: str) -> str:
    """`countryCode` as digits: "62", "+62" and "62 " are the same; "" is 62; "0" means no replacement."""
    digits = _PUNCTUATION.sub("", text).removeprefix("+")
    if digits == "":
        return HOME_COUNTRY
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        raise Refusal(Code.INPUT_INVALID, field="countryCode")
    return digits.lstrip("0") or NO_REPLACEMENT


def parse_phone(text: str, country_code: str = HOME_COUNTRY) -> Address:
    """An international number as digits, from what a person wrote; raises `Refusal(TARGET_INVALID)`.

    `+62 812-3456-7890`, `0812 3456 7890`, `62 (0)812…` and `6281234567890` are one number. A repeat is harmless:
    the answer parsed again is the answer.
    """
    bare = _PUNCTUATION.sub("", text)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise Refusal(Code.TARGET_INVALID, target=text[:40])
    if country_code != NO_REPLACEMENT:
        digits = _replace_trunk_zero(digits, country_code, international=bare.startswith("+"))
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise Refusal(Code.TARGET_INVALID, target=text[:40])
    return Address(digits)


def parse_first_digits(text: str, country_code: str = HOME_COUNTRY) -> str:
    """The beginning of an address, from what a person wrote of a number: `0812-34` is `6281234`; others stay."""
    bare = _PUNCTUATION.sub("", text)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return text.strip()
    return _replace_trunk_zero(digits, country_code, international=bare.startswith("+"))


def _replace_trunk_zero(digits: str, country_code: str, *, international: bool) -> str:
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if digits.startswith("0") and not international:
        return country_code + digits[1:]
    if digits.startswith(country_code + "0"):
        return country_code + digits[len(country_code) + 1 :]
    return digits


def parse_address(text: str, country_code: str = HOME_COUNTRY) -> Address:
    """A phone number or a group id; raises `Refusal(TARGET_INVALID)`."""
    bare = text.strip()
    if bare.endswith("@g.us"):
        if _GROUP.fullmatch(bare) is None:
            raise Refusal(Code.TARGET_INVALID, target=text[:40])
        return Address(bare)
    return parse_phone(bare, country_code)
