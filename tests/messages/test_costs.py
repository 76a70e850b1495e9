"""What the network charges a message as: kept as it is told, also by a receipt that raises nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.messages.costs import cost_text, read_cost
from merpati.transports.cloud_api.webhooks import Told, read_news
from merpati.transports.port import Cost
from tests.transports.cloud_api.test_webhooks import READ, posted

WORDS = st.sampled_from(["marketing", "utility", "authentication", "service", "referral_conversion"])


@given(WORDS, st.booleans())
def test_what_is_kept_is_read_again(category: str, free: bool) -> None:
    """And nothing of a message that was told no cost."""
    cost = Cost(category=category, free=free)
    assert read_cost(cost_text(cost)) == cost
    assert read_cost(None) is None


@pytest.mark.parametrize(
    ("pricing", "cost"),
    [
        ({"category": "utility", "billable": True, "type": "regular"}, Cost(category="utility")),
        ({"category": "service", "billable": False}, Cost(category="service", free=True)),
        ({"category": "utility", "type": "free_customer_service"}, Cost(category="utility", free=True)),
        ({"billable": True}, None),
        ("free", None),
    ],
)
def test_meta_tells_it_with_a_status(pricing: object, cost: Cost | None) -> None:
    """Its older and newer ways of saying that it asks nothing."""
    [told] = read_news(posted({"statuses": [{**READ, "pricing": pricing}]}))
    assert isinstance(told, Told)
    assert told.cost == cost
