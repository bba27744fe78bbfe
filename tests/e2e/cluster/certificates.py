"""
The certificates and keys of a control plane on 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)  # clocks may be set


def write(folder: Path) -> None:
    """
    `ca.crt`, `apiserver.crt`, `admin.crt` with their keys, and the pair that signs tokens, `sa`.
    """
    authority = ec.generate_private_key(ec.SECP256R1())
    name = _name("schedkit tests")
    _write(folder / "ca.crt", _certificate(name, authority, name, authority))
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    for stem, subject, addresses in (
        ("apiserver", _name("apiserver"), [here]),
        ("admin", _name("admin", "system:masters"), []),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(subject, key, name, authority, addresses)
        _write(folder / f"{stem}.crt", made)
        _write(folder / f"{stem}.key", key)
    tokens = rsa.generate_private_key(65537, 2048)
    _write(folder / "sa.key", tokens)
    public = tokens.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "sa.pub").write_bytes(public)


def _name(common: str, organization: str = "schedkit") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )


def _certificate(
    subject: x509.Name,
    key: Key,
    issuer: x509.Name,
    signer: Key,
    addresses: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(ALWAYS[0])
        .not_valid_after(ALWAYS[1])
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), True)
    )
    if addresses:
        builder = builder.add_extension(x509.SubjectAlternativeName(addresses), False)
    return builder.sign(signer, hashes.SHA256())


def _write(path: Path, made: x509.Certificate | Key) -> None:
    if isinstance(made, x509.Certificate):
        path.write_bytes(made.public_bytes(Encoding.PEM))
    else:
        path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
