"""What a fake begins with: one app, one business, one number, one person who wrote just now."""

import msgspec

from merpati.fakes.graph.graph import Graph
from merpati.fakes.graph.world import Business, Number, Person

TEMPLATES: tuple[dict[str, object], ...] = (
    {
        "name": "resi_pengiriman",
        "language": "id",
        "category": "UTILITY",
        "components": [
            {
                "type": "BODY",
                "text": "Halo {{1}}, pesanan Anda dikirim dengan resi {{2}}.",
                "example": {"body_text": [["Budi", "JNE0012345"]]},
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Lacak paket",
                        "url": "https://toko.example/resi/{{1}}",
                        "example": ["https://toko.example/resi/JNE0012345"],
                    }
                ],
            },
        ],
    },
    {
        "name": "promo_akhir_pekan",
        "language": "id",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Akhir pekan hemat"},
            {"type": "BODY", "text": "Semua sepatu diskon sampai Minggu."},
            {"type": "FOOTER", "text": "Balas STOP untuk berhenti"},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Lihat katalog"}]},
        ],
    },
    {
        "name": "katalog_baru",
        "language": "id",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2UvanBlZw=="]}},
            {"type": "BODY", "text": "Halo {{1}}, ini koleksi baru kami.", "example": {"body_text": [["Budi"]]}},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "COPY_CODE", "text": "Salin kode penawaran", "example": "HEMAT10"}],
            },
        ],
    },
    {
        "name": "tagihan_bulanan",
        "language": "id",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::YXBwbGljYXRpb24vcGRm"]}},
            {
                "type": "BODY",
                "text": "Halo {{nama}}, tagihan Anda jatuh tempo {{tanggal}}.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "nama", "example": "Budi"},
                        {"param_name": "tanggal", "example": "5 Januari"},
                    ]
                },
            },
        ],
    },
    {
        "name": "tur_toko",
        "language": "id",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "VIDEO", "example": {"header_handle": ["4::dmlkZW8vbXA0"]}},
            {"type": "BODY", "text": "Lihat isi toko kami yang baru."},
        ],
    },
    {
        "name": "kurir_tiba",
        "language": "id",
        "category": "UTILITY",
        "components": [
            {"type": "HEADER", "format": "LOCATION"},
            {"type": "BODY", "text": "Kurir sudah di sini, {{1}}.", "example": {"body_text": [["Budi"]]}},
        ],
    },
    {
        "name": "tiga_sepatu",
        "language": "id",
        "category": "MARKETING",
        "components": [
            {"type": "BODY", "text": "Tiga pilihan untuk Anda."},
            {
                "type": "CAROUSEL",
                "cards": [
                    {
                        "components": [
                            {"type": "HEADER", "format": "IMAGE"},
                            {"type": "BODY", "text": f"Sepatu {warna}."},
                            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Pesan"}]},
                        ]
                    }
                    for warna in ("hitam", "putih", "biru")
                ],
            },
        ],
    },
)
"""What a shop has Meta approve."""


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


def seed_templates(graph: Graph, business: Business) -> None:
    """Some templates, judged as the settings say."""
    for each in TEMPLATES:
        graph.hand_in(business, each)
