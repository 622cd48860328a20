"""Verifies a credential that comes on standard input, as JSON, with libraries for Python: sd-jwt and pymdoccbor.

Writes what the credential says, or why it is refused, as JSON.
"""

import base64
import json
import sys

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from jwcrypto.jwk import JWK
from pymdoccbor.mdoc.verifier import MobileDocument
from sd_jwt.verifier import SDJWTVerifier


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def certified(chain, root):
    """The first certificate of the chain, if the root has signed it."""
    leaf = x509.load_der_x509_certificate(base64.b64decode(chain[0]))
    leaf.verify_directly_issued_by(root)
    return leaf


def sd_jwt(what, root):
    """The claims of an SD-JWT, with a key binding JWT for this audience and nonce if they are given."""

    def key(_issuer, header):
        return JWK.from_pem(certified(header["x5c"], root).public_bytes(Encoding.PEM))

    return SDJWTVerifier(what["credential"], key, what.get("audience"), what.get("nonce")).get_verified_payload()


def mdoc(what, root):
    """The data elements of an mdoc."""
    issued = cbor2.loads(decoded(what["credential"]))
    document = MobileDocument(docType=what["doctype"], issuerSigned=issued)
    if not document.verify(trusted_root_certs=[root]):
        raise ValueError("the document is refused")
    items = [cbor2.loads(item.value) for items in issued["nameSpaces"].values() for item in items]
    return {item["elementIdentifier"]: str(item["elementValue"]) for item in items}


def main():
    what = json.load(sys.stdin)
    root = x509.load_pem_x509_certificate(what["root"].encode())
    try:
        result = {"claims": (mdoc if "doctype" in what else sd_jwt)(what, root)}
    except Exception as error:  # pylint: disable=broad-exception-caught
        result = {"refused": f"{type(error).__name__}: {error}"}
    json.dump(result, sys.stdout, default=str)


main()
