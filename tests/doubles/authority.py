"""A certificate authority of our own, and certificates of servers on loopback."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority in a folder, and servers' certificates from it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._name = name
        built = _certificate(name, name, self._key.public_key(), NOW - DAY, NOW + DAY)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        built = built.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), False)
        self.file = folder / "authority.pem"
        self.file.write_bytes(built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def context(
        self,
        host: str = "localhost",
        begins: datetime.datetime = NOW - DAY,
        ends: datetime.datetime = NOW + DAY,
        alone: bool = False,
    ) -> ssl.SSLContext:
        """The context of a server with a certificate for `host`, signed by itself if `alone`."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        built = _certificate(name, name if alone else self._name, key.public_key(), begins, ends)
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host[0].isdigit():
            names = [x509.IPAddress(ipaddress.ip_address(host))]
        built = built.add_extension(x509.SubjectAlternativeName(names), False)
        built = built.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((key if alone else self._key).public_key()), False
        )
        file = self._folder / f"{host}-{ends.timestamp()}-{alone}.pem"
        file.write_bytes(
            built.sign(key if alone else self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _certificate(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime.datetime,
    ends: datetime.datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
