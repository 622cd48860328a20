"""The emulator from Python, with the standard library alone. pytest runs this as well as unittest does."""

import json
import os
import unittest
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

BASE = os.environ["AUTHLETE_BASE_URL"]
SEED = {"services": [{
    "serviceId": 1001, "accessToken": "service",
    "settings": {"supportedGrantTypes": ["CLIENT_CREDENTIALS"], "supportedScopes": [{"name": "read"}]},
    "clients": [{"clientId": 2001, "clientSecret": "secret", "settings": {"grantTypes": ["CLIENT_CREDENTIALS"]}}],
}]}


def call(method, path, token, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(BASE + path, data, headers, method=method)) as response:
        return json.loads(response.read() or b"null")


def control(method, path, body=None):
    return call(method, "/emulator" + path, "control", body)


class Emulator(unittest.TestCase):
    def setUp(self):
        control("POST", "/reset")
        control("POST", "/seed", SEED)

    def token(self):
        parameters = urlencode({"grant_type": "client_credentials", "scope": "read"})
        body = {"parameters": parameters, "clientId": "2001", "clientSecret": "secret"}
        return call("POST", "/api/1001/auth/token", "service", body)["accessToken"]

    def introspect(self, token):
        return call("POST", "/api/1001/auth/introspection", "service", {"token": token})["action"]

    def test_a_token_ends_when_the_clock_says_so(self):
        token = self.token()
        self.assertEqual(self.introspect(token), "OK")
        control("POST", "/clock", {"advanceSeconds": 86_401})
        self.assertEqual(self.introspect(token), "UNAUTHORIZED")

    def test_a_fault_hits_once(self):
        control("POST", "/faults", {"kind": "status", "status": 503, "operation": "auth_token"})
        with self.assertRaises(HTTPError) as failure:
            self.token()
        self.assertEqual(failure.exception.code, 503)
        failure.exception.close()
        self.assertTrue(self.token())

    def test_the_calls_are_recorded(self):
        self.token()
        calls = control("GET", "/calls?operation=auth_token")["calls"]
        self.assertEqual([call["response"]["body"]["action"] for call in calls], ["OK"])
