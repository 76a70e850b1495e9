"""What a message says: the words that a search may find, and its content in one line. Pure."""

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


def summary_of(content: StoredContent) -> str:
    """What it holds, in one text for people: also where a location is, and a poll's choices apart."""
    match content:
        case Location():
            return f"{content.caption} ({content.latitude:.6f}, {content.longitude:.6f})".strip()
        case Poll():
            return f"{content.question} {' / '.join(content.choices)}"
        case _:
            return words_of(content)
