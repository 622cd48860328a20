"""A service on the emulator with everything switched on, and fresh handles for calls that need one to get anywhere."""

import json
import os
import urllib.parse
import zlib

import requests

REDIRECT_URI = "https://client.example.org/cb"
SUBJECT = "john"
CIBA = "urn:openid:params:grant-type:ciba"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

GRANT_TYPES = [
    "AUTHORIZATION_CODE", "IMPLICIT", "PASSWORD", "CLIENT_CREDENTIALS", "REFRESH_TOKEN", "CIBA", "DEVICE_CODE",
    "TOKEN_EXCHANGE", "JWT_BEARER",
]
RESPONSE_TYPES = [
    "NONE", "CODE", "TOKEN", "ID_TOKEN", "CODE_TOKEN", "CODE_ID_TOKEN", "ID_TOKEN_TOKEN", "CODE_ID_TOKEN_TOKEN",
]
SERVICE = {
    "serviceName": "Described",
    "issuer": "https://as.example.com",
    "supportedGrantTypes": GRANT_TYPES,
    "supportedResponseTypes": RESPONSE_TYPES,
    "supportedScopes": [{"name": name} for name in ("openid", "profile", "read", "device_sso", "grant_management_query")],
    "supportedBackchannelTokenDeliveryModes": ["POLL", "PING", "PUSH"],
    "supportedTokenAuthMethods": ["CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "NONE"],
    "supportedAcrs": ["loa2"],
    "deviceVerificationUri": "https://as.example.com/device",
    "grantManagementEndpoint": "https://as.example.com/gm",
    "dynamicRegistrationSupported": True,
    "registrationManagementEndpoint": "https://as.example.com/register",
    "nativeSsoSupported": True,
    "idTokenReissuable": True,
    "clientIdAliasEnabled": True,
}
CLIENT = {
    "clientName": "Described",
    "clientType": "CONFIDENTIAL",
    "grantTypes": GRANT_TYPES,
    "responseTypes": RESPONSE_TYPES,
    "redirectUris": [REDIRECT_URI],
    "bcDeliveryMode": "POLL",
    "tokenAuthMethod": "CLIENT_SECRET_BASIC",
}


def chance(salt, of, out_of=8):
    """The same choice for the same data in every run: true for `of` of `out_of` texts."""
    return zlib.crc32(f"{salt}".encode("utf-8", "replace")) % out_of < of


class World:
    """Whatever is made here is made by calls of the API itself, so a failure here is a failure of the emulator."""

    def __init__(self):
        self.base_url = os.environ["EMULATOR"].rstrip("/")
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {os.environ['EMULATOR_TOKEN']}"
        self.service_id = self.new_service()
        self.client = self.new_client()

    def call(self, path, body):
        answer = self.http.post(f"{self.base_url}/api{path}", json=body, timeout=30)
        assert answer.ok, f"{path} answers {answer.status_code}: {answer.text}"
        return answer.json()

    def act(self, path, body):
        return self.call(f"/{self.service_id}{path}", body)

    def new_service(self):
        return str(self.call("/service/create", SERVICE)["apiKey"])

    def new_client(self):
        return self.act("/client/create", CLIENT)

    @property
    def client_id(self):
        return str(self.client["clientId"])

    def credentials(self):
        return {"clientId": self.client_id, "clientSecret": self.client["clientSecret"]}

    def authorization(self, **more):
        """An authorization request, as a query."""
        return urllib.parse.urlencode({
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT_URI,
            "scope": "openid read", "state": "s", "nonce": "n", **more,
        })

    def ticket(self, **more):
        return self.act("/auth/authorization", {"parameters": self.authorization(**more)})["ticket"]

    def code(self, **more):
        body = {"ticket": self.ticket(**more), "subject": SUBJECT, "sessionId": "session"}
        return self.act("/auth/authorization/issue", body)["authorizationCode"]

    def token_request(self, parameters):
        answer = self.act("/auth/token", {"parameters": urllib.parse.urlencode(parameters), **self.credentials()})
        assert answer["action"] not in ("BAD_REQUEST", "INVALID_CLIENT", "INTERNAL_SERVER_ERROR"), answer
        return answer

    def code_parameters(self, **more):
        return {"grant_type": "authorization_code", "code": self.code(**more), "redirect_uri": REDIRECT_URI}

    def tokens(self, **more):
        return self.token_request(self.code_parameters(**more))

    def access_token(self):
        return self.tokens()["accessToken"]

    def registered(self):
        """A dynamically registered client."""
        metadata = '{"client_name": "Registered", "redirect_uris": ["https://client.example.org/cb"]}'
        answer = self.act("/client/registration", {"json": metadata})
        return json.loads(answer["responseContent"])

    def device(self):
        body = {"parameters": "scope=openid+read", **self.credentials()}
        return self.act("/device/authorization", body)

    def backchannel_ticket(self, issued=False):
        body = {"parameters": "scope=openid+read&login_hint=john", **self.credentials()}
        ticket = self.act("/backchannel/authentication", body)["ticket"]
        if issued:
            self.act("/backchannel/authentication/issue", {"ticket": ticket})
        return ticket

    def auth_req_id(self):
        ticket = self.backchannel_ticket()
        auth_req_id = self.act("/backchannel/authentication/issue", {"ticket": ticket})["authReqId"]
        self.act("/backchannel/authentication/complete", {"ticket": ticket, "result": "AUTHORIZED", "subject": SUBJECT})
        return auth_req_id

    def device_code(self):
        answer = self.device()
        self.act("/device/complete", {"userCode": answer["userCode"], "result": "AUTHORIZED", "subject": SUBJECT})
        return answer["deviceCode"]

    def batch(self):
        token = {"grantType": "CLIENT_CREDENTIALS", "clientId": self.client["clientId"], "scopes": ["read"]}
        return self.act("/auth/token/create/batch", [token])["requestId"]

    def password_ticket(self):
        return self.token_request({"grant_type": "password", "username": "u", "password": "p"})["ticket"]
