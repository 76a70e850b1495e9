"""A device becomes one of a phone's: by a QR code that the phone scans, or a code that is typed into it.

Source: the clients' practice. QR: reference, Noise key, identity, secret, platform. The phone signs the device's
identity, the device signs back, and logs in anew.
"""

import asyncio
import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.keys import ZEROS, crypt_ctr, derive, is_signed, mac, new_pair
from merpati.fakes.whatsapp.network import Coded, Network
from merpati.fakes.whatsapp.nodes import LID_SERVER, SERVER, Node, child, node, octets, user_of
from merpati.fakes.whatsapp.phones import Phone
from merpati.fakes.whatsapp.wire import Wire

ACCOUNT_SIGNATURE, DEVICE_SIGNATURE = b"\x06\x00", b"\x06\x01"
ROUNDS = 2 << 16
ANSWER_S = 20.0
STAGE = "link_code_companion_reg"
BUNDLE_LABEL = b"link_code_pairing_key_bundle_encryption_key"


class NotPaired(Exception):
    """The code is unknown, has run out, or the device did not answer as it should."""


async def offer_codes(network: Network, device: LinkedDevice, wire: Wire) -> None:
    """Give a new device the references of its QR codes; it shows one after the other."""
    refs = ["2@" + base64.b64encode(secrets.token_bytes(24)).decode() for _ in range(network.qr_codes)]
    for each in refs:
        network.pairing[each] = (device, wire)
    await wire.ask(node("pair-device", {}, [node("ref", {}, each.encode()) for each in refs]))


def withdraw(network: Network, wire: Wire) -> None:
    """The device is gone, and its codes with it."""
    network.pairing = {ref: each for ref, each in network.pairing.items() if each[1] is not wire}
    network.codes = {number: each for number, each in network.codes.items() if each.wire is not wire}


async def scan(network: Network, phone: Phone, qr: str) -> LinkedDevice:
    """The phone scans a QR code, given as its text; answers the device once it is logged in. Raises `NotPaired`."""
    ref, key, identity, secret, *_ = qr.rpartition("#")[2].split(",")
    if ref not in network.pairing:
        raise NotPaired("the QR code has run out")
    device, wire = network.pairing[ref]
    if (base64.b64decode(key), base64.b64decode(identity)) != (device.key, device.identity):
        raise NotPaired("the QR code is of another device")
    return await _pair(network, phone, device, wire, base64.b64decode(secret))


async def _pair(network: Network, phone: Phone, device: LinkedDevice, wire: Wire, secret: bytes) -> LinkedDevice:
    phone.last_device += 1
    device.lid, device.number = phone.lid, phone.last_device
    details = proto.ADVDeviceIdentity(
        rawId=1, timestamp=network.now_s(), keyIndex=device.number
    ).SerializeToString()
    answer = await wire.ask(_pair_success(phone, device, details, secret))
    async with asyncio.timeout(ANSWER_S):
        signed = octets(child(child(await answer, "pair-device-sign"), "device-identity"))
    signature = proto.ADVSignedDeviceIdentity.FromString(signed).deviceSignature
    told = DEVICE_SIGNATURE + details + device.identity + phone.cipher.identity.public
    if not is_signed(device.identity, told, signature):
        raise NotPaired("the device's signature does not fit")
    phone.devices[device.number] = device
    await wire.send(node("stream:error", {"code": "515"}))
    await network.until(lambda: device.wire is not None)
    return device


def _pair_success(phone: Phone, device: LinkedDevice, details: bytes, secret: bytes) -> Node:
    own = phone.cipher.identity
    signed = proto.ADVSignedDeviceIdentity(
        details=details,
        accountSignatureKey=own.public,
        accountSignature=own.sign(ACCOUNT_SIGNATURE + details + device.identity),
    ).SerializeToString()
    wrapped = proto.ADVSignedDeviceIdentityHMAC(details=signed, hmac=mac(secret, signed)).SerializeToString()
    jid, lid = f"{phone.number}:{device.number}{SERVER}", f"{phone.lid}:{device.number}{LID_SERVER}"
    parts = [
        node("device-identity", {}, wrapped),
        node("biz", {"name": phone.name}),
        node("device", {"jid": jid, "lid": lid}),
        node("platform", {"name": "android"}),
    ]
    return node("pair-success", {}, parts)


# -- by code --


def begin_code(network: Network, device: LinkedDevice, wire: Wire, asked: Node) -> Node:
    """A device wants to be paired by a code that it shows: `companion_hello`."""
    wrapped, ref = (
        octets(child(asked, "link_code_pairing_wrapped_companion_ephemeral_pub")),
        secrets.token_bytes(16),
    )
    network.codes[user_of(asked.attrs["jid"])] = Coded(device, wire, wrapped, ref)
    return node(STAGE, {"stage": "companion_hello"}, [node("link_code_pairing_ref", {}, ref)])


async def enter_code(network: Network, phone: Phone, code: str) -> LinkedDevice:
    """The code is typed into the phone; answers the device once it is logged in. Raises `NotPaired`."""
    coded = network.codes.get(phone.number)
    if coded is None:
        raise NotPaired("no device waits for a code of this number")
    typed = code.replace("-", "").encode()
    salt, iv, data = coded.wrapped[:32], coded.wrapped[32:48], coded.wrapped[48:]
    theirs = crypt_ctr(await _stretch(typed, salt), iv, data)
    ours, salt, iv = new_pair(), secrets.token_bytes(32), secrets.token_bytes(16)
    wrapped = salt + iv + crypt_ctr(await _stretch(typed, salt), iv, ours.public)
    coded.shared = ours.agree(theirs)
    parts = [
        node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, wrapped),
        node("primary_identity_pub", {}, phone.cipher.identity.public),
        node("link_code_pairing_ref", {}, coded.ref),
    ]
    attrs = {"from": SERVER, "type": STAGE, "id": network.new_id(), "t": network.now_s()}
    await coded.wire.send(node("notification", attrs, [node(STAGE, {"stage": "primary_hello"}, parts)]))
    await network.until(lambda: coded.device.wire is not None or _is_given_up(network, coded), ANSWER_S)
    if coded.device.wire is None:
        raise NotPaired("the code does not fit")
    return coded.device


def _is_given_up(network: Network, coded: Coded) -> bool:
    """It is gone, and was not paired: one that was logs in anew."""
    return coded.wire not in network.wires and coded.device.number == 0


async def finish_code(network: Network, wire: Wire, asked: Node) -> None:
    """The device has seen the phone's keys, and sends its own: `companion_finish`. Raises `NotPaired`."""
    number, coded = next((number, each) for number, each in network.codes.items() if each.wire is wire)
    phone = next(each for each in network.phones if each.number == number)
    sealed = octets(child(asked, "link_code_pairing_wrapped_key_bundle"))
    key = derive(coded.shared, 32, BUNDLE_LABEL, salt=sealed[:32])
    bundle = AESGCM(key).decrypt(sealed[32:44], sealed[44:], None)
    theirs, ours, random = bundle[:32], bundle[32:64], bundle[64:96]
    if (theirs, ours) != (coded.device.identity, phone.cipher.identity.public):
        raise NotPaired("the key bundle is of others")
    secret = derive(coded.shared + phone.cipher.identity.agree(theirs) + random, 32, b"adv_secret", salt=ZEROS)
    await _pair(network, phone, coded.device, wire, secret)


async def _stretch(code: bytes, salt: bytes) -> bytes:
    return await asyncio.to_thread(hashlib.pbkdf2_hmac, "sha256", code, salt, ROUNDS, 32)
