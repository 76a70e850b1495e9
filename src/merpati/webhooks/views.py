"""Reading endpoints, dead letters and calls."""

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.storage.port import Tx
from merpati.webhooks import store
from merpati.webhooks.model import Call, DeadLetter, Endpoint, EndpointState


async def list_device_endpoints(tx: Tx, device: DeviceId) -> list[Endpoint]:
    """The device's endpoints that are set, by kind, also when disabled."""
    known = await store.endpoints_of_device(tx, device)
    return [endpoint for endpoint in known if endpoint.state is not EndpointState.REMOVED]


async def list_endpoints(tx: Tx, account: AccountId) -> list[Endpoint]:
    """The account's endpoints that are set, by device and kind."""
    known = await store.endpoints_of_account(tx, account)
    return [endpoint for endpoint in known if endpoint.state is not EndpointState.REMOVED]


async def list_dead_letters(tx: Tx, account: AccountId, limit: int = 100) -> list[DeadLetter]:
    """What the account's endpoints did not get, newest first."""
    return await store.dead_of_account(tx, account, limit)


async def list_calls(tx: Tx, endpoint: EndpointId, before: int = 2**63 - 1, limit: int = 50) -> list[Call]:
    """Calls to this endpoint before an instant, newest first. Of very many calls only some are kept."""
    return await store.calls_of(tx, endpoint, before, limit)
