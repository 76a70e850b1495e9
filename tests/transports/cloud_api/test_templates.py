"""Templates: read from Meta in pages, kept, shown as they were, whatever Meta writes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.storage.port import Storage, Tx
from merpati.transports.cloud_api.templates import read_template
from merpati.transports.templates import TemplateButton, TemplateKept
from tests.transports.cloud_api.rig import DEVICE, TEMPLATES, CloudRig, open_rig

PROMO = {
    "name": "promo_akhir",
    "language": "id",
    "category": "MARKETING",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Halo {{nama}}"},
        {"type": "BODY", "text": "Diskon {{besar}} hari ini."},
        {"type": "FOOTER", "text": "Balas STOP"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "URL", "text": "Lihat", "url": "https://toko.example/{{1}}"},
                {"type": "QUICK_REPLY", "text": "Tidak"},
            ],
        },
    ],
}


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path) as rig:
        await rig.pair()
        yield rig


def body_only(name: str, language: str = "id") -> dict[str, Any]:
    component = {"type": "BODY", "text": "Halo."}
    return {"name": name, "language": language, "category": "UTILITY", "components": [component]}


async def test_templates_are_read_once_and_listed_from_then_on(rig: CloudRig) -> None:
    """With all their words; before the first reading there is nothing."""
    rig.graph.hand_in(rig.seeded.business, PROMO)
    assert await rig.link.templates(DEVICE) is None
    read = await rig.link.read_templates(DEVICE)
    kept = await rig.link.templates(DEVICE)
    assert kept is not None
    assert kept.templates == read.templates
    [promo] = [each for each in read.templates if each.name == "promo_akhir"]
    assert promo == TemplateKept(
        name="promo_akhir",
        language="id",
        category="MARKETING",
        status=promo.status,
        header="Halo {{nama}}",
        header_kind="text",
        body="Diskon {{besar}} hari ini.",
        footer="Balas STOP",
        buttons=(
            TemplateButton(kind="url", text="Lihat", url="https://toko.example/{{1}}"),
            TemplateButton(kind="quick_reply", text="Tidak"),
        ),
        named=True,
    )


async def test_more_than_a_page_is_read_to_its_end(rig: CloudRig) -> None:
    """Meta gives a hundred at a time; what is gone there is gone here."""
    for n in range(230):
        rig.graph.hand_in(rig.seeded.business, body_only(f"nomor_{n:03}"))
    assert len((await rig.link.read_templates(DEVICE)).templates) == 230 + len(TEMPLATES)
    for id_ in [each.id for each in rig.graph.world.templates.values() if each.name.startswith("nomor_")]:
        del rig.graph.world.templates[id_]
    await rig.link.read_templates(DEVICE)
    kept = await rig.link.templates(DEVICE)
    assert kept is not None
    assert [each.name for each in kept.templates] == ["kurir_baru", "resi_baru", "surat_baru"]


async def test_only_what_is_approved_can_be_sent(rig: CloudRig) -> None:
    """And what Meta rejected says why."""
    template = rig.graph.hand_in(rig.seeded.business, body_only("ditolak"))
    await rig.settled()  # Meta's own first word
    rig.graph.judge(template, "REJECTED", "INVALID_FORMAT")
    found = {each.name: each for each in (await rig.link.read_templates(DEVICE)).templates}
    assert (found["ditolak"].status, found["ditolak"].reason) == ("REJECTED", "INVALID_FORMAT")
    assert not found["ditolak"].is_sendable


async def test_they_go_with_the_last_number_of_their_business(rig: CloudRig) -> None:
    """Nothing of a number that was taken away stays."""
    await rig.link.read_templates(DEVICE)
    await rig.link.forget(DEVICE)
    assert await rig.storage.read(_count) == (0, 0)
    with pytest.raises(Refusal) as raised:
        await rig.link.templates(DEVICE)
    assert raised.value.code is Code.OFFICIAL_NOT_SET_UP


async def _count(tx: Tx) -> tuple[int, ...]:
    rows = [await tx.one(f"SELECT count(*) FROM {table}") for table in ("cloud_template", "cloud_template_reading")]
    return tuple(row[0] for row in rows if row is not None)


@pytest.mark.parametrize(
    ("component", "unfillable"),
    [
        *(({"type": "HEADER", "format": each}, "") for each in ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION")),
        ({"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}, {"type": "PHONE_NUMBER"}, {"type": "URL"}]}, ""),
        ({"type": "HEADER", "format": "GIF"}, "gif"),
        ({"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "FLOW"}]}, "flow"),
        ({"type": "CAROUSEL", "cards": []}, "carousel"),
        ({"type": "LIMITED_TIME_OFFER"}, "limited_time_offer"),
    ],
)
def test_what_cannot_be_filled_in_here_is_named_and_not_offered(component: dict[str, Any], unfillable: str) -> None:
    """By Meta's own word for the part; files and places above can."""
    read = read_template({"name": "katalog", "status": "APPROVED", "components": [component, {"type": "BODY"}]})
    assert (read.unfillable, read.is_sendable) == (unfillable, not unfillable)


async def test_one_is_found_by_its_name_and_language(rig: CloudRig) -> None:
    """None before the first reading, in another language, and on a device that is no number."""
    assert await rig.link.template(DEVICE, "resi_baru", "id") is None
    await rig.link.read_templates(DEVICE)
    found = await rig.link.template(DEVICE, "resi_baru", "id")
    assert found is not None
    assert found.body == "Resi {{1}} ya."
    assert await rig.link.template(DEVICE, "resi_baru", "en") is None
    assert await rig.link.template(DeviceId(99), "resi_baru", "id") is None


_NAMES = ("name", "language", "status", "components", "type", "text", "format", "buttons", "url", "HEADER", "BODY")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(_NAMES), JSON, max_size=6))
def test_no_node_is_a_fault(node: dict[str, Any]) -> None:
    """What is not as documented is left out."""
    assert isinstance(read_template(node), TemplateKept)
