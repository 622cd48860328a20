"""As much of a browser as the pages need: cookies, redirects, forms, and a user who types."""

import os
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

SERVER = os.environ["AUTHORIZATION_SERVER"]


class Forms(HTMLParser):
    """The forms of a page: where each goes, and the values of its fields."""

    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes.get("action", ""), {}))
        elif tag == "input" and "name" in attributes:
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")


class Browser:
    """A browser with a cookie jar of its own."""

    def __init__(self):
        self.http = requests.Session()

    def _follow(self, response):
        """Follows redirects to a page of the server's, or to a URL of a client's, which is not loaded."""
        for _ in range(10):
            if not response.is_redirect:
                response.raise_for_status()
                return response
            url = urljoin(response.url, response.headers["location"])
            if not url.startswith(SERVER + "/"):
                return url
            response = self.http.get(url, allow_redirects=False)
        raise AssertionError(f"redirects without end, to {response.url}")

    def open(self, url):
        return self._follow(self.http.get(urljoin(SERVER, url), allow_redirects=False))

    def submit(self, page, **values):
        """Submits the first form of the page."""
        action, fields = Forms(page.text).forms[0]
        url = urljoin(page.url, action)
        return self._follow(self.http.post(url, data=fields | values, allow_redirects=False))

    def authorize(self, url, decision="allow"):
        """Goes through an authorization request as Ada; gives the URL that the browser brings to the client."""
        page = self.submit(self.open(url), username="ada", password="lovelace")
        if "Do you agree?" not in page.text:
            raise AssertionError(page.text)
        return self.submit(page, decision=decision)
