"""Draws every page into docs/screenshots/, from a demo of its own: `python -m scripts.screenshots`.

Desktop, light, in Indonesian; phone, dark, in English; home in the other theme, too. Needs a Chromium, as the tests
of the pages do.
"""

import base64
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page
from tests.browser.account import FAR, Account
from tests.browser.chromium import chromium
from tests.browser.desk import Desk, Theme, Width
from tests.browser.receiver import receiver
from tests.browser.waiting import until

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
QUALITY = 72
PAGES = {
    "home": "/",
    "send": "/send",
    "messages": "/messages",
    "message": "/messages/{held}",
    "devices": "/devices",
    "device": "/devices/{off}",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{webhook}",
    "rotators": "/rotators",
    "keys": "/keys",
    "requests": "/requests",
    "simulator": "/simulator",
    "settings": "/settings",
}
LOOKS: tuple[tuple[Width, Theme, str], ...] = (("desktop", "light", "id"), ("phone", "dark", "en"))
HOMES: tuple[tuple[Width, Theme, str], ...] = (("desktop", "dark", "id"), ("phone", "light", "en"))
TEXTS = (
    "Halo Kak, pesanan #2041 sudah dikirim lewat JNE. Resinya menyusul ya.",
    "Kode verifikasi Anda 482913. Jangan beri tahu siapa pun.",
    "Pengingat: cicilan bulan ini jatuh tempo tanggal 30.",
    "Stok beras 5 kg sudah ada lagi. Mau disisihkan berapa?",
)
STAFF = ("Ayu", "Bima", "Citra")
ANSWERS = ("Baik, terima kasih!", "Bisa diantar sore ini?", "Saya ambil dua karung.")


def live(account: Account, hook: str) -> dict[str, int]:
    """What a morning brings: delivered, read, answered, held, failed; addresses that answer. Ids for `PAGES`."""
    devices, people = account.devices(), account.desk.demo["people"]
    shop, store, off = devices["Toko"], devices["Gudang"], devices["Cadangan"]
    first = account.ask("PUT", f"/devices/{shop}/webhooks", {"status": hook, "message": hook})["items"][0]
    for n, text in enumerate(TEXTS * 3):
        account.send(shop if n % 3 else store, people[n % len(people)], text)
    last = account.send(shop, people[0], "Terima kasih sudah belanja di Toko.")
    assert until(lambda: account.ask("GET", f"/messages/{last}")["state"] == "read", within_s=60)
    for person, text in zip(people, ANSWERS, strict=False):
        account.ask("POST", f"/simulator/people/{person}/messages", {"device": shop, "text": text})
    account.send(shop, account.desk.demo["groups"][0], "Besok toko buka pukul 7.")
    stranger = account.person("6281000001009", name="Rina Wati")
    account.ask("POST", f"/simulator/people/{stranger}/block", {"device": shop})
    refused = account.send(shop, stranger, "Promo akhir tahun")
    assert until(lambda: account.ask("GET", f"/messages/{refused}")["state"] == "failed")
    members = [
        {"to": person, "label": label, "weight": n}
        for n, (person, label) in enumerate(zip(people, STAFF, strict=False), 1)
    ]
    account.ask("POST", "/rotators", {"name": "CS pagi", "kind": "full", "members": members})
    account.ask(
        "POST",
        "/keys",
        {"name": "Toko online", "scopes": ["messages:send", "messages:read"], "devices": [shop]},
    )
    account.ask("POST", "/keys", {"name": "Laporan", "scopes": ["messages:read"], "networks": ["203.0.113.0/24"]})
    held = account.send(off, people[1], "Barang sudah siap diambil di gudang.")
    account.send(shop, people[2], "Selamat ulang tahun!", schedule=FAR)
    account.webhooks_are_told()
    return {"held": held, "off": off, "webhook": first["id"]}


def rest(page: Page) -> None:
    """Until everything is read and drawn."""
    page.wait_for_load_state("load")
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    page.wait_for_function("() => !document.querySelector('[role=status] .sr-only')")
    page.evaluate("() => document.fonts.ready")


def draw(page: Page, desk: Desk, path: str, name: str) -> int:
    """One picture; answers its size in bytes. Chromium itself makes a WebP of it."""
    page.goto(desk.address(path))
    rest(page)
    told = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "optimizeForSpeed": False}
    )
    picture = base64.b64decode(told["data"])
    (FOLDER / f"{name}.webp").write_bytes(picture)
    return len(picture)


def draw_entrance(browser: Browser, desk: Desk, width: Width, theme: Theme, language: str) -> int:
    """What somebody sees who has not signed in."""
    with desk.visitor(browser, width=width, theme=theme, language=language) as page:
        return draw(page, desk, "/login", f"login-{width}-{theme}-{language}")


def draw_all(browser: Browser, account: Account, ids: dict[str, int]) -> int:
    """Every page in every look; answers their size in all."""
    desk = account.desk
    total = sum(draw_entrance(browser, desk, *look) for look in LOOKS)
    for looks, names in ((LOOKS, list(PAGES)), (HOMES, ["home"])):
        for width, theme, language in looks:
            with desk.owner(browser, width=width, theme=theme, language=language) as page:
                account.ask("PATCH", "/me", {"language": language})
                for name in names:
                    total += draw(page, desk, PAGES[name].format(**ids), f"{name}-{width}-{theme}-{language}")
    return total


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, receiver() as hooks, chromium() as browser:
        desk = Desk(Path(data), allow_hosts="127.0.0.1")
        desk.start()
        try:
            account = Account(desk, browser)
            total = draw_all(browser, account, live(account, hooks.url))
        finally:
            desk.end()
    sys.stdout.write(f"{len(list(FOLDER.iterdir()))} pictures, {total / 1024:.0f} kB\n")


if __name__ == "__main__":
    main()
