"""What the emulator signs and encrypts, joserfc reads, and the other way round."""

import base64
import hashlib
import json
import unittest

from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from service import ISSUER, Service, request_of

ENCODINGS = ["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"]
TO_RSA = ["RSA-OAEP", "RSA-OAEP-256"]
TO_CURVE = ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"]
BY_PASSWORD = ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"]
BY_SECRET = ["A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW", "dir", *BY_PASSWORD]
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA"]


def setting(name):
    """The name among the settings of a client."""
    return name.replace("-", "_").replace("+", "_").replace("dir", "DIR")


def secret_key(secret, alg, enc):
    """The key that a client's secret stands for (OpenID Connect Core 1.0, section 10.2)."""
    secret = secret.encode()
    if alg in BY_PASSWORD:
        return OctKey.import_key(secret)
    content = {"A128CBC-HS256": 256, "A192CBC-HS384": 384, "A256CBC-HS512": 512}.get(enc) or int(enc[1:4])
    bits = content if alg == "dir" else int(alg[1:4])
    hash_of = hashlib.sha256 if bits <= 256 else hashlib.sha384 if bits <= 384 else hashlib.sha512
    return OctKey.import_key(hash_of(secret).digest()[: bits // 8])


def private_key(alg):
    """A key that signs by this algorithm."""
    if alg == "EdDSA":
        return OKPKey.generate_key("Ed25519")
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}
    return ECKey.generate_key(curves[alg]) if alg in curves else RSAKey.generate_key(2048)


def key_set(key, **members):
    return json.dumps({"keys": [key.as_dict(private=False) | members]})


class Encryption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.published = cls.service.keys()
        cls.signer = ECKey.generate_key("P-256")

    def decrypts(self, alg, enc, client, key):
        token = self.service.id_token(client)
        decrypted = jwe.decrypt_compact(token, key, algorithms=[alg, enc])
        self.assertEqual((decrypted.protected["alg"], decrypted.protected["enc"]), (alg, enc))
        keys = KeySet.import_key_set({"keys": [key for key in self.published["keys"] if key["use"] == "sig"]})
        claims = jwt.decode(decrypted.plaintext.decode(), keys, algorithms=["ES256"]).claims
        self.assertEqual((claims["iss"], claims["sub"]), (ISSUER, "john"))

    def register(self, alg, enc, **settings):
        encryption = {"idTokenSignAlg": "ES256", "idTokenEncryptionAlg": setting(alg), "idTokenEncryptionEnc": setting(enc)}
        return self.service.register(**encryption, **settings)

    def test_id_tokens_for_a_key_of_the_client(self):
        rsa = RSAKey.generate_key(2048)
        curves = [ECKey.generate_key(curve) for curve in ("P-256", "P-384", "P-521")] + [OKPKey.generate_key("X25519")]
        pairs = [(alg, rsa) for alg in TO_RSA] + [(alg, key) for alg in TO_CURVE for key in curves]
        for alg, key in pairs:
            for enc in ENCODINGS:
                with self.subTest(alg=alg, enc=enc):
                    client = self.register(alg, enc, jwks=key_set(key, use="enc"))
                    self.decrypts(alg, enc, client, key)

    def test_id_tokens_for_the_secret_of_the_client(self):
        for alg in BY_SECRET:
            for enc in ENCODINGS:
                with self.subTest(alg=alg, enc=enc):
                    client = self.register(alg, enc)
                    self.decrypts(alg, enc, client, secret_key(client["clientSecret"], alg, enc))

    def opens(self, alg, enc, client, key, **header):
        claims = request_of(client)
        signed = jwt.encode({"alg": "ES256"}, claims, self.signer)
        encrypted = jwe.encrypt_compact(
            {"alg": alg, "enc": enc, "cty": "JWT", **header}, signed.encode(), key, algorithms=[alg, enc, "DEF"]
        )
        opened = self.service.open(client, encrypted)
        self.assertEqual(opened["action"], "INTERACTION", opened)

    def test_request_objects_for_the_key_of_the_service(self):
        client = self.service.register(jwks=key_set(self.signer))
        for alg in TO_RSA + TO_CURVE:
            kind = "RSA" if alg in TO_RSA else "EC"
            jwk = next(key for key in self.published["keys"] if key["use"] == "enc" and key["kty"] == kind)
            key = RSAKey.import_key(jwk) if kind == "RSA" else ECKey.import_key(jwk)
            for enc in ENCODINGS:
                with self.subTest(alg=alg, enc=enc):
                    self.opens(alg, enc, client, key, kid=jwk["kid"])

    def test_request_objects_for_the_secret_of_the_client(self):
        client = self.service.register(jwks=key_set(self.signer))
        for alg in BY_SECRET:
            for enc in ENCODINGS:
                with self.subTest(alg=alg, enc=enc):
                    self.opens(alg, enc, client, secret_key(client["clientSecret"], alg, enc))

    def test_agreed_keys_with_party_information(self):
        client = self.service.register(jwks=key_set(self.signer))
        jwk = next(key for key in self.published["keys"] if key["use"] == "enc" and key["kty"] == "EC")
        parties = {name: base64.urlsafe_b64encode(value).rstrip(b"=").decode() for name, value in
                   (("apu", b"Alice"), ("apv", b"Bob"))}
        self.opens("ECDH-ES", "A128GCM", client, ECKey.import_key(jwk), **parties)

    def test_compressed_request_objects(self):
        client = self.service.register(jwks=key_set(self.signer))
        key = secret_key(client["clientSecret"], "dir", "A256GCM")
        self.opens("dir", "A256GCM", client, key, zip="DEF")


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()

    def test_id_tokens(self):
        for alg in SIGNATURES:
            with self.subTest(alg=alg):
                client = self.service.register(idTokenSignAlg=alg)
                token = self.service.id_token(client)
                header = jws.extract_compact(token.encode()).headers()
                jwk = next(key for key in self.service.keys()["keys"] if key["kid"] == header["kid"])
                claims = jwt.decode(token, KeySet.import_key_set({"keys": [jwk]}), algorithms=[alg]).claims
                self.assertEqual((claims["iss"], claims["sub"]), (ISSUER, "john"))

    def test_request_objects(self):
        for alg in SIGNATURES:
            with self.subTest(alg=alg):
                key = private_key(alg)
                client = self.service.register(jwks=key_set(key), requestSignAlg=alg)
                signed = jwt.encode({"alg": alg}, request_of(client), key, algorithms=[alg])
                opened = self.service.open(client, signed)
                self.assertEqual(opened["action"], "INTERACTION", opened)


if __name__ == "__main__":
    unittest.main()
