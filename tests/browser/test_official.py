"""An official number is set up by a person who copies from Meta's pages; Meta is the fake, a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from merpati.locale import sentence
from tests.browser.account import Account
from tests.browser.axe import violations
from tests.browser.desk import Desk
from tests.browser.waiting import until
from tests.browser.words import say
from tests.messages.pictures import picture

NUMBER = "6281100000001"


class Graph:
    """A running `merpati fake-graph`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "merpati", "fake-graph", "--port", "0", "--json"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.given: dict[str, str] = json.loads(self._process.stdout.readline())

    def act(self, what: str, **body: object) -> Any:  # noqa: ANN401 - the fake's own answer
        request = urllib.request.Request(
            f"{self.given['url']}/_fake/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def state(self) -> Any:  # noqa: ANN401
        with urllib.request.urlopen(f"{self.given['url']}/_fake/state", timeout=20) as answer:
            return json.load(answer)

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    made = Graph()
    yield made
    made.end()


@pytest.fixture(scope="module")
def desk(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo whose Meta is the fake."""
    made = Desk(tmp_path_factory.mktemp("desk"), graph_url=f"{graph.given['url']}/v26.0")
    made.start()
    yield made
    made.end()


@pytest.fixture
def official(account: Account, graph: Graph) -> int:
    """The device that is the fake's number: the one of the page's own story, or set up by the API."""
    for device in account.ask("GET", "/devices")["items"]:
        if device["transport"] == "cloud_api":
            return int(device["id"])
    body = {"name": "Toko Resmi", "number": NUMBER, "transport": "cloud_api"}
    id_ = account.ask("POST", "/devices", body)["device"]["id"]
    account.ask("PUT", f"/devices/{id_}/official", given_of(graph))
    return int(id_)


def given_of(graph: Graph) -> dict[str, str]:
    return {
        "number_id": graph.given["number"],
        "business_id": graph.given["business"],
        "token": graph.given["token"],
        "app_secret": graph.given["secret"],
    }


def fill(within: Page | Locator, graph: Graph, **changed: str) -> None:
    """The four things of Meta's pages."""
    for name, text in (given_of(graph) | changed).items():
        within.get_by_label(say("id", f"official.{name}"), exact=True).fill(text)


def test_a_number_is_set_up_step_by_step(browser: Browser, desk: Desk, graph: Graph) -> None:
    """Added, copied wrong, copied right, the address entered, and the first message noticed without a reload."""
    with desk.owner(browser, width="phone") as page:
        page.goto(desk.address("/devices"))
        page.get_by_role("button", name=say("id", "devices.add")).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(say("id", "devices.name"), exact=True).fill("Toko Resmi")
        dialog.get_by_label(say("id", "devices.number"), exact=True).fill(NUMBER)
        dialog.get_by_role("radio", name=say("id", "transport.hint_cloud_api")).check()
        assert violations(page) == []
        dialog.get_by_role("button", name=say("id", "devices.add")).click()

        fill(page, graph, app_secret="0" * 32)
        page.get_by_role("button", name=say("id", "official.check")).click()
        expect(page.get_by_label(say("id", "official.app_secret"), exact=True)).to_have_attribute(
            "aria-invalid", "true"
        )
        assert violations(page) == []
        fill(page, graph)
        page.get_by_role("button", name=say("id", "official.check")).click()
        panel = page.get_by_role("complementary")
        expect(panel.get_by_text(say("id", "standing.connected"), exact=True)).to_be_visible()

        page.get_by_role("button", name=say("id", "official.tell")).click()
        expect(page.get_by_text(say("id", "official.heard_help"))).to_be_visible()
        graph.act("say", person=graph.given["person"], text="halo")
        expect(page.get_by_text(say("id", "official.heard_help"))).to_be_hidden()
        expect(page.get_by_text(say("id", "official.quality_GREEN"), exact=True)).to_be_visible()
        assert violations(page) == []


def test_a_template_is_chosen_filled_in_and_arrives(
    browser: Browser, desk: Desk, graph: Graph, official: int
) -> None:
    """She never wrote, so nothing else may go; her phone shows the approved text with the blanks filled in."""
    graph.act("people", phone="6281255550000", name="Sari")
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/send?device={official}"))
        page.get_by_label(say("id", "send.targets"), exact=True).fill("6281255550000|Sari")
        page.get_by_role("radio", name=say("id", "send.kind_template"), exact=True).click()
        page.get_by_label(say("id", "template.choose"), exact=True).select_option("resi_pengiriman/id")
        page.get_by_label(say("id", "template.blank", name="1"), exact=True).fill("{name}")
        page.get_by_label(say("id", "template.blank", name="2"), exact=True).fill("JNE77")
        page.get_by_label(say("id", "template.url_blank", name="Lacak paket"), exact=True).fill("JNE77")
        expect(page.get_by_text("dikirim dengan resi JNE77.")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name=sentence("ui.send.send_n.one", "id", n="1")).click()
        page.wait_for_url("**/send?sent=**")
        assert until(lambda: "JNE77" in json.dumps(graph.state()))


def choose_template(page: Page, desk: Desk, device: int, name: str, to: str) -> None:
    page.goto(desk.address(f"/send?device={device}"))
    page.get_by_label(say("id", "send.targets"), exact=True).fill(to)
    page.get_by_role("radio", name=say("id", "send.kind_template"), exact=True).click()
    page.get_by_label(say("id", "template.choose"), exact=True).select_option(f"{name}/id")


def test_a_picture_above_a_template_is_chosen_shown_and_arrives(
    browser: Browser, desk: Desk, graph: Graph, official: int, tmp_path: Path
) -> None:
    """A file of another kind is refused at the field; the preview has the picture, and so has the history."""
    (tmp_path / "katalog.png").write_bytes(picture("PNG"))
    (tmp_path / "harga.pdf").write_bytes(b"%PDF-1.7")
    graph.act("people", phone="6281255550001", name="Tuti")
    with desk.owner(browser, width="phone") as page:
        choose_template(page, desk, official, "katalog_baru", "6281255550001|Tuti")
        page.get_by_label(say("id", "template.blank", name="1"), exact=True).fill("{name}")
        page.get_by_label(say("id", "template.code_blank", name="Salin kode penawaran"), exact=True).fill("HEMAT10")
        send = page.get_by_role("button", name=sentence("ui.send.send_n.one", "id", n="1"))
        expect(send).to_be_disabled()
        for name in ("harga.pdf", "katalog.png"):
            with page.expect_file_chooser() as chooser:
                page.get_by_role("button", name=say("id", "send.choose_file")).click()
            chooser.value.set_files(tmp_path / name)
            if name == "harga.pdf":
                expect(page.get_by_role("alert")).to_contain_text("harga.pdf")
        expect(page.get_by_role("img", name="katalog.png")).to_be_visible()
        assert violations(page) == []
        send.click()
        page.wait_for_url("**/send?sent=**")
        assert until(lambda: '"image"' in json.dumps(graph.state()))
        page.get_by_role("link", name="Tuti").first.click()
        expect(page.get_by_role("img", name=say("id", "send.file_is_image"))).to_be_visible()


def test_a_place_above_a_template_is_filled_in_and_arrives(
    browser: Browser, desk: Desk, graph: Graph, official: int
) -> None:
    """With both its lines, which hold the target's own words."""
    with desk.owner(browser) as page:
        choose_template(page, desk, official, "kurir_tiba", "6281255550001|Tuti")
        page.get_by_label(say("id", "send.latitude"), exact=True).fill("-6.2")
        page.get_by_label(say("id", "send.longitude"), exact=True).fill("106.8")
        page.get_by_label(say("id", "template.place_name"), exact=True).fill("Pos {name}")
        page.get_by_label(say("id", "template.place_address"), exact=True).fill("Jalan Kenari 1")
        page.get_by_label(say("id", "template.blank", name="1"), exact=True).fill("{name}")
        assert violations(page) == []
        page.get_by_role("button", name=sentence("ui.send.send_n.one", "id", n="1")).click()
        page.wait_for_url("**/send?sent=**")
        assert until(lambda: "Pos Tuti" in json.dumps(graph.state()))


def test_what_does_not_fit_is_said_before_it_is_sent(
    browser: Browser, desk: Desk, official: int, tmp_path: Path
) -> None:
    """By the dry run, with the sentence of the refusal: a name may lie about what a file is."""
    (tmp_path / "katalog.jpg").write_bytes(picture("WEBP"))
    with desk.owner(browser) as page:
        choose_template(page, desk, official, "katalog_baru", "6281255550001|Tuti")
        page.get_by_label(say("id", "template.blank", name="1"), exact=True).fill("{name}")
        code = say("id", "template.code_blank", name="Salin kode penawaran")
        page.get_by_label(code, exact=True).fill("HEMAT10")
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=say("id", "send.choose_file")).click()
        chooser.value.set_files(tmp_path / "katalog.jpg")
        expect(page.get_by_text("image/webp")).to_be_visible()
