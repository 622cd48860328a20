"""A service of its own on the emulator, and short ways to call it."""

import json
import os
import urllib.parse
import urllib.request

EMULATOR = os.environ["EMULATOR"]
TOKEN = os.environ["EMULATOR_TOKEN"]
ISSUER = "https://as.example.com"
REDIRECT_URI = "https://client.example.org/callback"


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(EMULATOR + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


class Service:
    def __init__(self):
        settings = {
            "serviceName": "Tested by joserfc",
            "issuer": ISSUER,
            "supportedGrantTypes": ["AUTHORIZATION_CODE"],
            "supportedScopes": [{"name": "openid"}],
        }
        self.id = call("POST", "/api/service/create", settings)["apiKey"]

    def act(self, path, body):
        return call("POST", f"/api/{self.id}{path}", body)

    def keys(self):
        return call("GET", f"/api/{self.id}/service/jwks/get")

    def register(self, **settings):
        defaults = {
            "clientName": "Tested by joserfc",
            "clientType": "CONFIDENTIAL",
            "grantTypes": ["AUTHORIZATION_CODE"],
            "responseTypes": ["CODE"],
            "redirectUris": [REDIRECT_URI],
        }
        return self.act("/client/create", defaults | settings)

    def id_token(self, client):
        """The ID token that the client gets for the user `john`."""
        query = {
            "client_id": client["clientId"],
            "response_type": "code",
            "redirect_uri": REDIRECT_URI,
            "scope": "openid",
        }
        opened = self.act("/auth/authorization", {"parameters": urllib.parse.urlencode(query)})
        assert opened["action"] == "INTERACTION", opened
        issued = self.act("/auth/authorization/issue", {"ticket": opened["ticket"], "subject": "john"})
        grant = {
            "grant_type": "authorization_code",
            "code": issued["authorizationCode"],
            "redirect_uri": REDIRECT_URI,
        }
        credentials = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
        token = self.act("/auth/token", credentials | {"parameters": urllib.parse.urlencode(grant)})
        assert token["action"] == "OK", token
        return token["idToken"]

    def open(self, client, request):
        """What becomes of an authorization request whose parameters are inside this object."""
        query = {"client_id": client["clientId"], "request": request}
        return self.act("/auth/authorization", {"parameters": urllib.parse.urlencode(query)})


def request_of(client):
    """The claims of a request object of the client's."""
    return {
        "iss": str(client["clientId"]),
        "client_id": str(client["clientId"]),
        "aud": ISSUER,
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
    }
