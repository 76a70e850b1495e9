"""A client of API v1, with and without `await`. It knows nothing else of merpati, and needs the extra `client`.

A call is data (`call`), what follows an answer or a fault is decided by a pure function (`decision`), and a
conversation of both (`conversation`) is carried out by two thin shells (`shells`). Shapes and methods are
generated.
"""

from merpati.client.decision import Patience
from merpati.client.errors import FieldError, MerpatiError, Refused, Unreachable, Unreadable
from merpati.client.following import Event
from merpati.client.shells import AsyncClient, Client

__all__ = [
    "AsyncClient",
    "Client",
    "Event",
    "FieldError",
    "MerpatiError",
    "Patience",
    "Refused",
    "Unreachable",
    "Unreadable",
]
