"""The words of a message that a search may find, and its texts with the variables filled. Pure."""

from typing import assert_never

from merpati.messages.model import StoredContent, Vote
from merpati.transports.port import Location, Media, Poll, Text


def words_of(content: StoredContent) -> str:
    """The text to search in: body, caption and file name, question and choices."""
    match content:
        case Text():
            return content.body
        case Media():
            return f"{content.caption} {content.filename}".strip()
        case Location():
            return content.caption
        case Poll():
            return " ".join((content.question, *content.choices))
        case Vote():
            return ", ".join(content.choices)
        case _:
            assert_never(content)
