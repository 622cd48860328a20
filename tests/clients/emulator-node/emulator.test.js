// The emulator from JavaScript, with what Node.js has.
const assert = require("node:assert");
const { beforeEach, test } = require("node:test");

const base = process.env.AUTHLETE_BASE_URL;
const seed = {
  services: [{
    serviceId: 1001, accessToken: "service",
    settings: { supportedGrantTypes: ["CLIENT_CREDENTIALS"], supportedScopes: [{ name: "read" }] },
    clients: [{ clientId: 2001, clientSecret: "secret", settings: { grantTypes: ["CLIENT_CREDENTIALS"] } }],
  }],
};

async function call(method, path, token, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}
const control = (method, path, body) => call(method, `/emulator${path}`, "control", body);
const token = () => call("POST", "/api/1001/auth/token", "service", {
  parameters: "grant_type=client_credentials&scope=read", clientId: "2001", clientSecret: "secret",
});
const introspect = async (token) =>
  (await call("POST", "/api/1001/auth/introspection", "service", { token })).body.action;

beforeEach(async () => {
  await control("POST", "/reset");
  await control("POST", "/seed", seed);
});

test("a token ends when the clock says so", async () => {
  const { accessToken } = (await token()).body;
  assert.equal(await introspect(accessToken), "OK");
  await control("POST", "/clock", { advanceSeconds: 86_401 });
  assert.equal(await introspect(accessToken), "UNAUTHORIZED");
});

test("a fault hits once", async () => {
  await control("POST", "/faults", { kind: "status", status: 503, operation: "auth_token" });
  assert.equal((await token()).status, 503);
  assert.equal((await token()).body.action, "OK");
});

test("the calls are recorded", async () => {
  await token();
  const { calls } = (await control("GET", "/calls?operation=auth_token")).body;
  assert.deepEqual(calls.map((call) => call.response.body.action), ["OK"]);
});
