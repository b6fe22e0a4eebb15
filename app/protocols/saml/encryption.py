"""Encrypted assertions: the algorithms that are read, in process, and plain bytes out.

xmlsec would put what it decrypts straight into the tree, through a parser without our rules, and pick keys and
addresses by KeyInfo. Here the steps are few and closed: one EncryptedKey, one EncryptedData, values in place. Whoever
calls parses the bytes under the same rules as any message and verifies signatures as if nothing had been encrypted.

Every failure has one wording: CBC and key transport leak plaintext to whoever can tell failures apart
(XML Encryption 1.1 §6.1, Jager and Somorovsky 2011). RSA 1.5 and 3DES are not read at all.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from app.protocols.saml import crypto, names
from app.protocols.saml.errors import Refused
from app.protocols.saml.names import ds, xenc
from app.protocols.saml.types import Check, KeyPair

_OAEP_MGF1P: Final = names.XENC + "rsa-oaep-mgf1p"
_OAEP: Final = names.XENC11 + "rsa-oaep"
# SHA-1 within OAEP is a mask, not a signature: its collisions do not help (RFC 8017 §B.1), and it is the default.
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    names.DS + "sha1": hashes.SHA1,
    names.SHA256: hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    names.XENC + "sha512": hashes.SHA512,
}
_MASKS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    names.XENC11 + "mgf1sha1": hashes.SHA1,
    names.XENC11 + "mgf1sha256": hashes.SHA256,
    names.XENC11 + "mgf1sha384": hashes.SHA384,
    names.XENC11 + "mgf1sha512": hashes.SHA512,
}
#: Content encryption: bytes of the key, and whether the mode proves integrity.
_CONTENT: Final = {
    names.XENC11 + "aes128-gcm": (16, True),
    names.XENC11 + "aes192-gcm": (24, True),
    names.XENC11 + "aes256-gcm": (32, True),
    names.XENC + "aes128-cbc": (16, False),
    names.XENC + "aes192-cbc": (24, False),
    names.XENC + "aes256-cbc": (32, False),
}
_BLOCK: Final = 16
_NONCE: Final = 12


def decrypt(encrypted: etree._Element, keys: tuple[KeyPair, ...]) -> bytes:
    """Return the bytes within an `EncryptedAssertion` by whichever key of ours opens it; raise Refused."""
    data = _only(encrypted, xenc("EncryptedData"))
    size, sealed = _content_algorithm(data)
    wrapped = _encrypted_key(encrypted, data)
    scheme, secret = _key_transport(wrapped), _cipher_value(wrapped)
    content = _cipher_value(data)
    if not keys:
        raise Refused(Check.DECRYPTION, "a key of ours to decrypt with", "none is configured")
    for pair in reversed(keys):
        opened = _open(pair, scheme, secret, content, size=size, sealed=sealed)
        if opened is not None:
            return opened
    raise Refused(Check.DECRYPTION, "an assertion encrypted to a key of ours", "one that none of our keys opens")


def _open(
    pair: KeyPair, scheme: padding.OAEP, secret: bytes, content: bytes, *, size: int, sealed: bool
) -> bytes | None:
    try:
        key = crypto.private_key(pair).decrypt(secret, scheme)
        if len(key) != size:
            return None
        return _gcm(key, content) if sealed else _cbc(key, content)
    except (ValueError, InvalidTag):
        return None


def _gcm(key: bytes, content: bytes) -> bytes:
    return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], None)


def _cbc(key: bytes, content: bytes) -> bytes | None:
    # XML Encryption §5.2: the last octet counts the padding, whose other octets may be anything.
    if len(content) < 2 * _BLOCK or len(content) % _BLOCK:
        return None
    step = Cipher(algorithms.AES(key), modes.CBC(content[:_BLOCK])).decryptor()
    plain = step.update(content[_BLOCK:]) + step.finalize()
    return plain[: -plain[-1]] if 1 <= plain[-1] <= _BLOCK else None


def _refused(expected: str, found: str) -> Refused:
    return Refused(Check.DECRYPTION, expected, found[:200])


def _only(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise _refused(f"one {tag.rpartition('}')[2]}", f"{len(found)}")
    return found[0]


def _encrypted_key(encrypted: etree._Element, data: etree._Element) -> etree._Element:
    # Inside the data's KeyInfo, or beside the data (SAML Core §6.1); where several recipients are named, too many.
    found = [*data.iterfind(f"{ds('KeyInfo')}/{xenc('EncryptedKey')}"), *encrypted.iterfind(xenc("EncryptedKey"))]
    if len(found) != 1:
        raise _refused("one EncryptedKey", f"{len(found)}")
    return found[0]


def _algorithm(parent: etree._Element) -> tuple[etree._Element, str]:
    method = _only(parent, xenc("EncryptionMethod"))
    return method, method.get("Algorithm") or "no algorithm"


def _content_algorithm(data: etree._Element) -> tuple[int, bool]:
    _, algorithm = _algorithm(data)
    if algorithm not in _CONTENT:
        raise _refused("AES in GCM or CBC mode", algorithm)
    return _CONTENT[algorithm]


def _key_transport(wrapped: etree._Element) -> padding.OAEP:
    method, algorithm = _algorithm(wrapped)
    if algorithm not in {_OAEP, _OAEP_MGF1P}:
        raise _refused("RSA-OAEP", algorithm)
    if method.find(xenc("OAEPparams")) is not None:
        raise _refused("RSA-OAEP without a label", "a label")
    digest = _named(method, ds("DigestMethod"), _HASHES)
    # The older identifier fixes the mask to SHA-1 (XML Encryption 1.1 §5.5.2).
    mask = _named(method, f"{{{names.XENC11}}}MGF", _MASKS) if algorithm == _OAEP else hashes.SHA1
    return padding.OAEP(mgf=padding.MGF1(algorithm=mask()), algorithm=digest(), label=None)


def _named(
    method: etree._Element, tag: str, known: dict[str, type[hashes.HashAlgorithm]]
) -> type[hashes.HashAlgorithm]:
    node = method.find(tag)
    if node is None:
        return hashes.SHA1
    algorithm = node.get("Algorithm") or "no algorithm"
    if algorithm not in known:
        raise _refused("a digest of the SHA family", algorithm)
    return known[algorithm]


def _cipher_value(parent: etree._Element) -> bytes:
    # No CipherReference: it names an address to fetch the content from.
    value = _only(_only(parent, xenc("CipherData")), xenc("CipherValue"))
    try:
        return base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused("a cipher value in base64", "something else") from error
