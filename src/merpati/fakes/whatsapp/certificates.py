"""What the server proves itself with: TLS of WhatsApp's names, and the chain of its Noise key.

Made anew at each start: nobody else's client trusts them.
"""

import datetime as dt
import ssl
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.keys import KeyPair, new_pair

NAMES = ("web.whatsapp.com", "*.whatsapp.net", "*.whatsapp.com")
DAY = dt.timedelta(days=1)
DAY_S = 86_400


@dataclass(frozen=True)
class TlsCertificates:
    """PEM: the authority that a client has to trust, and the server's own."""

    authority: bytes
    chain: bytes
    key: bytes

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_bytes(self.chain)
            key.write_bytes(self.key)
            context.load_cert_chain(chain, key)
        return context


def new_tls() -> TlsCertificates:
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("merpati fake-whatsapp")
    ours = _certificate(issuer, authority.public_key(), issuer, 1).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in NAMES])
    leaf = _certificate(_name(NAMES[0]), key.public_key(), issuer, 2).add_extension(names, critical=False)
    pem = serialization.Encoding.PEM
    return TlsCertificates(
        authority=ours.sign(authority, hashes.SHA256()).public_bytes(pem),
        chain=leaf.sign(authority, hashes.SHA256()).public_bytes(pem),
        key=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, serial: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return x509.CertificateBuilder(issuer, subject, key, serial, now - DAY, now + 30 * DAY)


@dataclass(frozen=True)
class NoiseIdentity:
    """The key of the handshake, with its chain; `root` is what a client has to trust."""

    root: bytes
    static: KeyPair
    chain: bytes


def new_noise_identity() -> NoiseIdentity:
    root, intermediate, static = new_pair(), new_pair(), new_pair()
    chain = proto.CertChain()
    chain.intermediate.details = _details(1, 0, intermediate)
    chain.intermediate.signature = root.sign(chain.intermediate.details)
    chain.leaf.details = _details(2, 1, static)
    chain.leaf.signature = intermediate.sign(chain.leaf.details)
    return NoiseIdentity(root.public, static, chain.SerializeToString())


def _details(serial: int, issuer: int, key: KeyPair) -> bytes:
    now = int(time.time())
    details = proto.CertChain.NoiseCertificate.Details(
        serial=serial, issuerSerial=issuer, key=key.public, notBefore=now - DAY_S, notAfter=now + 30 * DAY_S
    )
    return bytes(details.SerializeToString())
