"""What every transport must do. A transport's tests subclass `TransportConformance` and give a fixture `rig`.

The rig (`transport_rig.Rig`) is the transport together with the far side: a device number that may be paired, and
one person. Cases that need what `caps` says is missing are skipped.
"""

from tests.conformance.transport_incoming import Asking, Incoming
from tests.conformance.transport_refusals import Refusals
from tests.conformance.transport_sending import Sending
from tests.conformance.transport_sessions import Sessions


class TransportConformance(Sending, Refusals, Incoming, Asking, Sessions):
    """All cases."""
