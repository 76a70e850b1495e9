"""The words on the pages, so that a test finds what a person reads."""

from merpati.locale import sentence


def say(language: str, key: str, **values: object) -> str:
    """The sentence under `ui.<key>`."""
    return sentence(f"ui.{key}", language, **values)
