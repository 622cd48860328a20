"""An agent with the official Python client. Usage: agent.py MCP_SERVER METADATA_DOCUMENT"""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

URL, METADATA_URL = sys.argv[1:]


class Store:
    """What the client is to remember."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


def say(what, text=""):
    print(what, str(text).replace("\n", " "), flush=True)


async def main():
    callbacks = asyncio.Queue()

    async def arrived(reader, writer):
        target = (await reader.readline()).decode().split(" ")[1]
        if urlsplit(target).path == "/callback":
            callbacks.put_nowait({name: values[0] for name, values in parse_qs(urlsplit(target).query).items()})
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\nGo back to the agent.")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(arrived, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]

    async def redirect(url):
        say("open", url)

    async def callback():
        parameters = await callbacks.get()
        if "error" in parameters:
            raise RuntimeError(parameters["error"])
        return AuthorizationCodeResult(
            code=parameters["code"], state=parameters.get("state"), iss=parameters.get("iss")
        )

    provider = OAuthClientProvider(
        server_url=URL,
        client_metadata=OAuthClientMetadata(
            redirect_uris=[f"http://127.0.0.1:{port}/callback"],
            grant_types=["authorization_code", "refresh_token"],
        ),
        storage=Store(),
        redirect_handler=redirect,
        callback_handler=callback,
        client_metadata_url=METADATA_URL,
    )
    async with httpx2.AsyncClient(auth=provider, timeout=60) as http:
        async with Client(streamable_http_client(URL, http_client=http)) as client:
            say("ready")
            loop = asyncio.get_running_loop()
            while line := await loop.run_in_executor(None, sys.stdin.readline):
                request = json.loads(line)
                try:
                    result = await client.call_tool(request["name"], request["arguments"])
                    say("failed" if result.is_error else "done", " ".join(part.text for part in result.content))
                except Exception as error:
                    say("failed", repr(error))


try:
    asyncio.run(main())
except* RuntimeError as refused:
    # A user who refuses ends the connection.
    say("failed", repr(refused.exceptions))
