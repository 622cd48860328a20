// An agent with the official TypeScript client: of the second generation, or of the first, which most programs have.
// Usage: typescript.js GENERATION MCP_SERVER [METADATA_DOCUMENT]

import { createServer } from "node:http";
import { createInterface } from "node:readline";

const [generation, url, clientMetadataUrl] = process.argv.slice(2);
const isFirst = generation === "1";
const { Client, StreamableHTTPClientTransport, auth } = isFirst
  ? {
      ...(await import("@modelcontextprotocol/sdk/client/index.js")),
      ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
      ...(await import("@modelcontextprotocol/sdk/client/auth.js")),
    }
  : await import("@modelcontextprotocol/client");

const callbacks = [];
const listener = createServer((request, response) => {
  response.end("Go back to the agent.");
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  if (pathname === "/callback") callbacks.shift()?.(searchParams);
});
await new Promise((ready) => listener.listen(0, "127.0.0.1", ready));

let callback;
let stepsUp = false;
const store = {};
const provider = {
  redirectUrl: `http://127.0.0.1:${listener.address().port}/callback`,
  clientMetadataUrl,
  // What it registers where it has no document.
  clientMetadata: {
    client_name: "Without a document",
    application_type: "native",
    redirect_uris: [`http://127.0.0.1:${listener.address().port}/callback`],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  },
  state: () => (store.state = crypto.randomUUID()),
  clientInformation: () => store.client,
  saveClientInformation: (client) => void (store.client = client),
  // While it asks for more the first generation must not find a refresh token: it would refresh in place of asking.
  tokens: () => (store.tokens && stepsUp ? { ...store.tokens, refresh_token: undefined } : store.tokens),
  saveTokens: (tokens) => void (store.tokens = tokens),
  codeVerifier: () => store.verifier,
  saveCodeVerifier: (verifier) => void (store.verifier = verifier),
  discoveryState: () => store.discovery,
  saveDiscoveryState: (discovery) => void (store.discovery = discovery),
  invalidateCredentials: (what) => {
    if (what === "all" || what === "tokens") delete store.tokens;
    if (what === "all" || what === "client") delete store.client;
    if (what === "all" || what === "discovery") delete store.discovery;
  },
  redirectToAuthorization: (authorizationUrl) => {
    callback = new Promise((arrived) => callbacks.push(arrived));
    console.log(`open ${authorizationUrl}`);
  },
};

// The last challenge, which the first generation keeps to itself.
let challenge;
const remembering = async (...request) => {
  const response = await fetch(...request);
  challenge = response.headers.get("www-authenticate") ?? challenge;
  return response;
};

let transport = newTransport();
let client = newClient();

function newTransport() {
  return new StreamableHTTPClientTransport(new URL(url), { authProvider: provider, fetch: remembering });
}

function newClient() {
  return new Client({ name: "agent", version: "1.0.0" });
}

/** Finishes what the user was asked for; false where nothing was. */
async function finish() {
  if (!callback) return false;
  const parameters = await callback;
  callback = undefined;
  if (parameters.get("error")) throw new Error(parameters.get("error"));
  if (parameters.get("state") !== store.state) throw new Error("not our state");
  await transport.finishAuth(isFirst ? parameters.get("code") : parameters);
  return true;
}

try {
  await client.connect(transport);
} catch (error) {
  if (!(await finish())) throw error;
  [transport, client] = [newTransport(), newClient()];
  await client.connect(transport);
}
console.log("ready");

async function call(request) {
  try {
    return await client.callTool(request);
  } catch (error) {
    if (isFirst && error.code === 403) {
      stepsUp = true;
      const parameter = (name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
      await auth(provider, { serverUrl: url, scope: parameter("scope"), resourceMetadataUrl: new URL(parameter("resource_metadata")) });
      stepsUp = false;
    }
    if (!(await finish())) throw error;
    return client.callTool(request);
  }
}

for await (const line of createInterface(process.stdin)) {
  try {
    const { content, isError } = await call(JSON.parse(line));
    console.log(`${isError ? "failed" : "done"} ${content.map(({ text }) => text).join(" ").replaceAll("\n", " ")}`);
  } catch (error) {
    console.log(`failed ${error.message.replaceAll("\n", " ")}`);
  }
}
process.exit(0);
