"""What a fake begins with: one app, one business, one number, one person who wrote just now."""

import msgspec

from merpati.fakes.graph.graph import Graph
from merpati.fakes.graph.world import Business, Number, Person


class Seeded(msgspec.Struct, frozen=True, kw_only=True):
    """What a client needs to know."""

    app: str
    secret: str
    token: str
    business: Business
    number: Number
    person: Person


def seed_world(graph: Graph) -> Seeded:
    """The same ids each time, for one seed. The person's window is open: they have written."""
    world = graph.world
    business = world.add_business("Toko Merpati")
    number = world.add_number(business.id, "6281100000001", "Toko Merpati", graph.settings.per_second)
    person = world.add_person("6281200000001", "Budi")
    world.heard_at[number.id, person.bsuid] = graph.clock.now()
    return Seeded(
        app=world.app.id,
        secret=world.app.secret,
        token=world.new_token(),
        business=business,
        number=number,
        person=person,
    )
