"""Authlib, on requests, against the authorization server example."""

import os
import unittest
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import KeySet

from browser import SERVER, Browser

CALLBACK = "https://client.example/callback"
METADATA = requests.get(f"{SERVER}/.well-known/openid-configuration").json()
ALGORITHMS = ["ES256", "RS256", "PS256"]


def register(**settings):
    """Registers a client by the management API of the emulator."""
    api = f"{os.environ['EMULATOR']}/api/{os.environ['EMULATOR_SERVICE']}/client/create"
    defaults = {
        "clientName": "Tested by Authlib",
        "clientType": "CONFIDENTIAL",
        "redirectUris": [CALLBACK],
        "responseTypes": ["CODE"],
        "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"],
        "tokenAuthMethod": "CLIENT_SECRET_BASIC",
    }
    token = {"authorization": f"Bearer {os.environ['EMULATOR_TOKEN']}"}
    response = requests.post(api, json=defaults | settings, headers=token)
    response.raise_for_status()
    return response.json()


def session(client, method="client_secret_basic", **more):
    return OAuth2Session(
        str(client["clientId"]),
        client.get("clientSecret"),
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint=METADATA["token_endpoint"],
        default_timeout=30,
        **{"scope": "openid profile email offline_access", **more},
    )


def code_flow(client):
    """Goes through the code flow; gives the answer, the tokens and the nonce."""
    verifier, nonce = generate_token(48), generate_token()
    url, state = client.create_authorization_url(
        METADATA["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    answer = Browser().authorize(url)
    tokens = client.fetch_token(authorization_response=answer, state=state, code_verifier=verifier)
    return answer, tokens, nonce


def id_token_of(client, tokens, nonce):
    """The claims of the ID token, whose signature is checked; they are still to be validated."""
    keys = KeySet.import_key_set(requests.get(METADATA["jwks_uri"]).json())
    token = jwt.decode(tokens["id_token"], keys, algorithms=ALGORITHMS)
    options = {
        "iss": {"essential": True, "value": METADATA["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    params = {"nonce": nonce, "client_id": client.client_id, "access_token": tokens["access_token"]}
    return CodeIDToken(token.claims, token.header, options, params)


def introspector():
    id, secret = os.environ["RESOURCE_SERVER"].split(":")
    return OAuth2Session(id, secret, token_endpoint_auth_method="client_secret_basic")


def introspect(token):
    return introspector().introspect_token(METADATA["introspection_endpoint"], token=token).json()


class CodeFlow(unittest.TestCase):
    def test_from_the_request_to_the_revocation(self):
        client = session(register())
        answer, tokens, nonce = code_flow(client)
        self.assertEqual(parse_qs(urlsplit(answer).query)["iss"], [METADATA["issuer"]])
        claims = id_token_of(client, tokens, nonce)
        claims.validate()
        self.assertEqual(claims["sub"], "1001")
        self.assertIn("at_hash", claims)

        userinfo = client.get(METADATA["userinfo_endpoint"]).json()
        self.assertEqual((userinfo["sub"], userinfo["email"]), ("1001", "ada@example.com"))

        fresh = client.refresh_token(METADATA["token_endpoint"])
        self.assertNotEqual(fresh["access_token"], tokens["access_token"])
        self.assertEqual(client.get(f"{SERVER}/api/me").json()["subject"], "1001")
        known = introspect(fresh["access_token"])
        self.assertEqual((known["active"], known["client_id"]), (True, client.client_id))

        revoked = client.revoke_token(METADATA["revocation_endpoint"], token=fresh["access_token"])
        self.assertEqual(revoked.status_code, 200)
        self.assertFalse(introspect(fresh["access_token"])["active"])
        self.assertEqual(client.get(f"{SERVER}/api/me").status_code, 401)

    def test_every_algorithm_of_the_id_token(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                client = session(register(idTokenSignAlg=algorithm))
                _, tokens, nonce = code_flow(client)
                claims = id_token_of(client, tokens, nonce)
                claims.validate()
                self.assertEqual(claims.header["alg"], algorithm)

    def test_an_id_token_for_another_request(self):
        client = session(register())
        _, tokens, _ = code_flow(client)
        with self.assertRaises(InvalidClaimError):
            id_token_of(client, tokens, "another").validate()

    def test_a_token_that_expires_is_refreshed_by_itself(self):
        kept = []
        client = session(register(), update_token=lambda token, **_: kept.append(token["access_token"]))
        _, tokens, _ = code_flow(client)
        client.token = dict(tokens, expires_at=1)
        self.assertEqual(client.get(METADATA["userinfo_endpoint"]).json()["sub"], "1001")
        self.assertEqual(len(kept), 1)
        self.assertNotEqual(kept[0], tokens["access_token"])

    def test_ways_to_authenticate(self):
        for method, setting, kind in [
            ("client_secret_post", "CLIENT_SECRET_POST", "CONFIDENTIAL"),
            ("client_secret_jwt", "CLIENT_SECRET_JWT", "CONFIDENTIAL"),
            ("none", "NONE", "PUBLIC"),
        ]:
            with self.subTest(method):
                client = session(register(tokenAuthMethod=setting, clientType=kind), method)
                if method == "client_secret_jwt":
                    client.register_client_auth_method(ClientSecretJWT(METADATA["token_endpoint"]))
                _, tokens, nonce = code_flow(client)
                id_token_of(client, tokens, nonce).validate()
                client.refresh_token(METADATA["token_endpoint"])


class Refusals(unittest.TestCase):
    def assert_refused(self, error, call):
        with self.assertRaises(OAuthError) as raised:
            call()
        self.assertEqual(raised.exception.error, error)

    def test_the_user_refuses(self):
        client = session(register())
        url, state = client.create_authorization_url(
            METADATA["authorization_endpoint"], code_verifier=generate_token(48)
        )
        answer = parse_qs(urlsplit(Browser().authorize(url, "deny")).query)
        self.assertEqual((answer["error"], answer["state"]), (["access_denied"], [state]))

    def test_another_verifier(self):
        client = session(register())
        url, state = client.create_authorization_url(
            METADATA["authorization_endpoint"], code_verifier=generate_token(48)
        )
        answer = Browser().authorize(url)
        self.assert_refused(
            "invalid_grant",
            lambda: client.fetch_token(
                authorization_response=answer, state=state, code_verifier=generate_token(48)
            ),
        )

    def test_another_secret(self):
        client = session(register() | {"clientSecret": "guess"})
        self.assert_refused("invalid_client", lambda: client.fetch_token(grant_type="client_credentials"))

    def test_a_refresh_token_twice(self):
        client = session(register())
        _, tokens, _ = code_flow(client)
        used = tokens["refresh_token"]
        client.refresh_token(METADATA["token_endpoint"], used)
        self.assert_refused("invalid_grant", lambda: client.refresh_token(METADATA["token_endpoint"], used))

    def test_a_token_nobody_issued(self):
        self.assertEqual(introspect("nonsense"), {"active": False})


class ClientCredentials(unittest.TestCase):
    def test_a_client_for_itself(self):
        registered = register(grantTypes=["CLIENT_CREDENTIALS"], responseTypes=[], redirectUris=[])
        client = session(registered, scope="profile")
        tokens = client.fetch_token(grant_type="client_credentials")
        self.assertEqual((tokens["token_type"].lower(), tokens["scope"]), ("bearer", "profile"))
        me = client.get(f"{SERVER}/api/me").json()
        self.assertEqual((me["subject"], me["client"]), (None, str(registered["clientId"])))


if __name__ == "__main__":
    unittest.main()
