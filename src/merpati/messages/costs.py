"""What a message costs, as its row holds it: `utility`, `service free`. Pure."""

from merpati.transports.port import Cost

_FREE = " free"


def cost_text(cost: Cost) -> str:
    """For the column `message.cost`."""
    return cost.category + (_FREE if cost.free else "")


def read_cost(text: str | None) -> Cost | None:
    """None: nothing was told."""
    return Cost(category=text.removesuffix(_FREE), free=text.endswith(_FREE)) if text else None
