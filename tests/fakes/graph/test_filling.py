"""What fills a template in a message, by pywa: what is missing or of another kind is refused by Meta's code."""

from collections.abc import Sequence
from typing import Any

import pytest
from pywa import errors
from pywa.types.templates import (
    BaseParams,
    BodyText,
    CopyCodeButton,
    HeaderDocument,
    HeaderImage,
    HeaderLocation,
    TemplateLanguage,
    URLButton,
)

from merpati.fakes.graph.pressing import NothingThere, pressed_body
from merpati.fakes.graph.seeding import seed_templates
from tests.fakes.graph.rig import Rig

ANI = BodyText.params("Ani")  # type: ignore[arg-type]  # pywa names the class as its own parameter
CODE = CopyCodeButton.params(coupon_code="HEMAT10", index=0)
PLACE = HeaderLocation.params(lat=-6.2, lon=106.8, name="Monas", address="Jakarta")
JPEG, PDF = b"\xff\xd8\xff\xe0" + bytes(100), b"%PDF-1.7\n"


@pytest.fixture
async def files(rig: Rig) -> dict[str, str]:
    """Ids of a picture and a document at Meta; the seeded templates are approved."""
    seed_templates(rig.graph, rig.seeded.business)
    await rig.settled()
    number = rig.seeded.number
    return {
        "image": rig.graph.upload(number, JPEG, "image/jpeg", "a.jpg").id,
        "document": rig.graph.upload(number, PDF, "application/pdf", "a.pdf").id,
    }


async def send(rig: Rig, name: str, params: Sequence[BaseParams]) -> Any:  # noqa: ANN401 - pywa's type
    return await rig.call(rig.pywa.send_template, rig.to, name, TemplateLanguage.INDONESIAN, params=list(params))


async def test_a_template_goes_with_what_it_was_approved_with(rig: Rig, files: dict[str, str]) -> None:
    """A picture and a code, a document with its name, a place."""
    invoice = HeaderDocument.params(document=files["document"], filename="tagihan.pdf")
    named = BodyText.params(nama="Ani", tanggal="5 Januari")
    for name, params in {
        "katalog_baru": [HeaderImage.params(image=files["image"]), ANI, CODE],
        "tagihan_bulanan": [invoice, named],
        "kurir_tiba": [PLACE, ANI],
    }.items():
        assert (await send(rig, name, params)).id in rig.graph.world.lines


async def test_what_stands_above_must_be_there_and_of_its_kind(rig: Rig, files: dict[str, str]) -> None:
    """132012, in the words that businesses report."""
    invoice = HeaderDocument.params(document=files["document"], filename="tagihan.pdf")
    wrong: dict[str, list[BaseParams]] = {"UNKNOWN": [], "DOCUMENT": [invoice], "LOCATION": [PLACE]}
    for received, above in wrong.items():
        with pytest.raises(errors.TemplateParamFormatMismatch) as refused:
            await send(rig, "katalog_baru", [*above, ANI, CODE])
        assert refused.value.details == f"header: Format mismatch, expected IMAGE, received {received}"
    with pytest.raises(errors.TemplateParamFormatMismatch):
        await send(rig, "resi_pengiriman", [HeaderImage.params(image=files["image"])])


async def test_a_file_above_must_be_known_and_of_the_type(rig: Rig, files: dict[str, str]) -> None:
    """131009 for an id that is not Meta's, 131053 for a document where a picture belongs."""
    for id_, refused in (("1234567890", errors.InvalidParameter), (files["document"], errors.MediaUploadError)):
        with pytest.raises(refused):
            await send(rig, "katalog_baru", [HeaderImage.params(image=id_), ANI, CODE])


@pytest.mark.usefixtures("files")
async def test_a_place_above_has_both_its_lines(rig: Rig) -> None:
    """Name and address."""
    bare = HeaderLocation.params(lat=-6.2, lon=106.8, name="Monas", address="")
    with pytest.raises(errors.MissingRequiredParameter):
        await send(rig, "kurir_tiba", [bare, ANI])


async def test_each_button_with_a_blank_is_filled_in_and_no_other(rig: Rig, files: dict[str, str]) -> None:
    """The end of an address, a code to copy; by place and kind."""
    image = HeaderImage.params(image=files["image"])
    resi = BodyText.params("Ani", "JNE1")  # type: ignore[arg-type]  # as above
    missing: dict[str, tuple[list[BaseParams], ...]] = {
        "katalog_baru": ([image, ANI], [image, ANI, URLButton.params(url_variable="x", index=0)]),
        "resi_pengiriman": ([resi],),
    }
    for name, given in missing.items():
        for params in given:
            with pytest.raises(errors.MissingRequiredParameter):
                await send(rig, name, params)
    with pytest.raises(errors.TemplateParamFormatMismatch):
        await send(rig, "kurir_tiba", [PLACE, ANI, CODE])


@pytest.mark.usefixtures("files")
async def test_a_quick_reply_without_a_payload_is_pressed_by_its_text(rig: Rig) -> None:
    """Which comes back as both."""
    sent = await send(rig, "promo_akhir_pekan", [])
    line = rig.graph.world.lines[sent.id]
    button = pressed_body(rig.graph.world, line, "Lihat katalog")["button"]
    assert button == {"payload": "Lihat katalog", "text": "Lihat katalog"}
    with pytest.raises(NothingThere):
        pressed_body(rig.graph.world, line, "Lihat")
