"""What fits a template that was read, and what does not."""

import msgspec
import pytest

from merpati.core.errors import Code, Refusal
from merpati.transports.interactive import Template, TemplateButtonKind, Variable
from merpati.transports.interactive import TemplateButton as Filled
from merpati.transports.port import Location, Media, MediaKind
from merpati.transports.templates import TemplateButton, TemplateKept, check_fits

KEPT = TemplateKept(
    name="resi",
    language="id",
    category="UTILITY",
    status="APPROVED",
    body="Halo {{1}}, resi {{2}}. Salam, {{ 1 }}",
    buttons=(
        TemplateButton(kind="quick_reply", text="Terima kasih"),
        TemplateButton(kind="url", text="Lacak", url="https://toko.example/{{1}}"),
        TemplateButton(kind="url", text="Toko", url="https://toko.example"),
        TemplateButton(kind="copy_code", text="Salin"),
    ),
)
LINK = Filled(index=1, kind=TemplateButtonKind.URL, value="7")
CODE = Filled(index=3, kind=TemplateButtonKind.COPY_CODE, value="HEMAT")
REPLY = Filled(index=0, kind=TemplateButtonKind.QUICK_REPLY, value="ya")
RIGHT = Template(name="resi", language="id", body=(Variable(text="Ani"), Variable(text="7")), buttons=(LINK, CODE))
NAMED = msgspec.structs.replace(KEPT, body="Halo {{nama}}", buttons=(), named=True)
JPEG = Media(kind=MediaKind.IMAGE, path="1.jpg", mime="image/jpeg", size_bytes=9)
PDF = Media(kind=MediaKind.DOCUMENT, path="1.pdf", mime="application/pdf", size_bytes=9)
PLACE = Location(latitude=0, longitude=0, caption="a", address="b")


def refused(kept: TemplateKept, content: Template) -> tuple[Code, str]:
    with pytest.raises(Refusal) as raised:
        check_fits(kept, content)
    return raised.value.code, str(raised.value.values["field"])


def test_what_fills_every_blank_fits() -> None:
    """One that stands twice is one; a quick reply's payload may be given; a login's code is an address's end."""
    check_fits(KEPT, RIGHT)
    check_fits(KEPT, msgspec.structs.replace(RIGHT, buttons=(REPLY, CODE, LINK)))
    otp = msgspec.structs.replace(KEPT, buttons=(TemplateButton(kind="otp", text="Salin kode"),))
    login = Filled(index=0, kind=TemplateButtonKind.URL, value="7")
    check_fits(otp, msgspec.structs.replace(RIGHT, buttons=(login,)))
    check_fits(NAMED, Template(name="resi", language="id", body=(Variable(text="Ani", name="nama"),)))


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"body": RIGHT.body[:1]}, Code.TEMPLATE_BLANKS, "template.body"),
        ({"header": RIGHT.body[:1]}, Code.TEMPLATE_BLANKS, "template.header"),
        ({"buttons": (LINK,)}, Code.TEMPLATE_BUTTONS, "template.buttons"),
        ({"buttons": ()}, Code.TEMPLATE_BUTTONS, "template.buttons"),
        ({"buttons": (LINK, msgspec.structs.replace(CODE, index=2))}, Code.TEMPLATE_BUTTONS, "template.buttons"),
        (
            {"buttons": (LINK, CODE, msgspec.structs.replace(LINK, index=0))},
            Code.TEMPLATE_BUTTONS,
            "template.buttons",
        ),
        ({"attached": JPEG}, Code.TEMPLATE_NEEDS_NOTHING, "file"),
        ({"attached": PLACE}, Code.TEMPLATE_NEEDS_NOTHING, "location"),
    ],
)
def test_what_is_missing_or_too_much_is_named(changed: dict[str, object], code: Code, field: str) -> None:
    """By the part of our own API that it stands in."""
    assert refused(KEPT, msgspec.structs.replace(RIGHT, **changed)) == (code, field)


def test_blanks_with_names_are_filled_by_their_names() -> None:
    """The sentence says which there are."""
    wrong = Template(name="resi", language="id", body=(Variable(text="Ani", name="siapa"),))
    assert refused(NAMED, wrong) == (Code.TEMPLATE_NAMES, "template.body")


@pytest.mark.parametrize(
    ("kind", "code", "field"),
    [
        ("image", Code.TEMPLATE_NEEDS_IMAGE, "file"),
        ("video", Code.TEMPLATE_NEEDS_VIDEO, "file"),
        ("document", Code.TEMPLATE_NEEDS_DOCUMENT, "file"),
        ("location", Code.TEMPLATE_NEEDS_LOCATION, "location"),
    ],
)
def test_what_stands_above_must_be_of_its_kind(kind: str, code: Code, field: str) -> None:
    """Missing, or another."""
    kept = msgspec.structs.replace(KEPT, header_kind=kind)
    assert refused(kept, RIGHT) == (code, field)
    for other, attached in {"image": JPEG, "document": PDF, "location": PLACE}.items():
        content = msgspec.structs.replace(RIGHT, attached=attached)
        if other == kind:
            check_fits(kept, content)
        else:
            assert refused(kept, content)[0] == code


def test_a_part_that_cannot_be_filled_in_is_told_by_its_name() -> None:
    """Whatever else is given."""
    kept = msgspec.structs.replace(KEPT, unfillable="carousel")
    assert refused(kept, RIGHT) == (Code.TEMPLATE_PART, "template")
