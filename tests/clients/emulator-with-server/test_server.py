"""A client of the authorization server that `authlete-emulator --with-server` starts, with the standard library alone."""

import base64
import hashlib
import json
import os
import re
import secrets
import unittest
from html import unescape
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener, urlopen

with open(os.environ["READY"], encoding="utf-8") as ready:
    READY = json.load(ready)
SERVER = READY["server"]
ISSUER = SERVER["issuer"]
WEB, DEVICE, USER = SERVER["clients"]["web"], SERVER["clients"]["device"], SERVER["users"][0]


def send(url, form=None, headers=None):
    """Sends a request, GET or POST of a form, and gives back the JSON that comes."""
    data = None if form is None else urlencode(form).encode()
    with urlopen(Request(url, data, headers or {})) as response:
        return json.load(response)


def basic(client):
    credentials = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


class ToClient(HTTPRedirectHandler):
    """Follows redirects, but for the one to the client."""

    def redirect_request(self, request, fp, code, message, headers, url):
        if url.startswith(WEB["redirect_uri"]):
            return None
        return super().redirect_request(request, fp, code, message, headers, url)


class Browser:
    def __init__(self):
        self.opener = build_opener(HTTPCookieProcessor(), ToClient())

    def open(self, url, form=None):
        """Gives the page, or the URL that the browser would bring to the client."""
        try:
            with self.opener.open(url, None if form is None else urlencode(form).encode()) as response:
                return response.geturl(), response.read().decode()
        except HTTPError as redirect:
            with redirect:
                if redirect.code in (302, 303):
                    return redirect.headers["Location"], ""
                raise

    def submit(self, page, **values):
        """Sends the first form of a page."""
        url, html = page
        form = re.search(r"<form[^>]*>.*?</form>", html, re.DOTALL).group()
        fields = dict(re.findall(r'<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form))
        action = re.search(r'action="([^"]*)"', form)
        fields = {name: unescape(value) for name, value in fields.items()} | values
        return self.open(urljoin(url, unescape(action.group(1))) if action else url, fields)


class WithServer(unittest.TestCase):
    def setUp(self):
        self.endpoints = send(f"{ISSUER}/.well-known/openid-configuration")

    def code_flow(self):
        browser, verifier, state = Browser(), secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        digest = hashlib.sha256(verifier.encode()).digest()
        parameters = {
            "response_type": "code", "client_id": WEB["id"], "redirect_uri": WEB["redirect_uri"], "state": state,
            "scope": "openid profile", "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }
        login = browser.open(f"{self.endpoints['authorization_endpoint']}?{urlencode(parameters)}")
        page = browser.submit(login, username=USER["name"], password=USER["password"])
        # The server remembers what the user agreed to.
        if not page[0].startswith(WEB["redirect_uri"]):
            page = browser.submit(page, decision="allow")
        location, _ = page
        response = parse_qs(urlsplit(location).query)
        self.assertEqual((response["state"], response["iss"]), ([state], [ISSUER]), location)
        form = {
            "grant_type": "authorization_code", "code": response["code"][0], "redirect_uri": WEB["redirect_uri"],
            "code_verifier": verifier,
        }
        return send(self.endpoints["token_endpoint"], form, basic(WEB))

    def test_a_code_flow(self):
        tokens = self.code_flow()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        claims = send(self.endpoints["userinfo_endpoint"], headers=headers)
        self.assertEqual(claims["name"], "Ada Lovelace")

    def test_a_reset_leaves_the_server_its_service(self):
        before = self.code_flow()
        headers = {"Authorization": "Bearer control"}
        with urlopen(Request(f"{READY['baseUrl']}/emulator/reset", b"", headers)) as response:
            self.assertEqual(response.status, 204)
        self.assertTrue(self.code_flow()["access_token"])
        # What was issued before is gone.
        headers = {"Authorization": f"Bearer {before['access_token']}"}
        with self.assertRaises(HTTPError) as refused:
            send(self.endpoints["userinfo_endpoint"], headers=headers)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()

    def test_a_device_asks_for_its_codes(self):
        form = {"client_id": DEVICE["id"], "scope": "profile"}
        codes = send(self.endpoints["device_authorization_endpoint"], form)
        self.assertTrue(codes["verification_uri_complete"].startswith(f"{ISSUER}/device?user_code="))
