// What agents do: connect, have their user agree, call tools, ask for more, refresh, and stop when they are told to.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Agent, User, startDocuments, startServer, within } from "./support.js";

const { NODE, PYTHON, MCP_CLIENT, WORK } = process.env;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const AGENTS = {
  typescript: [NODE, here("agents/typescript.js"), "2"],
  "typescript-v1": [NODE, here("agents/typescript.js"), "1"],
  python: [PYTHON, here("agents/agent.py")],
  rust: [MCP_CLIENT],
};

let server;
let documents;
let user;
before(async () => {
  server = await startServer();
  documents = await startDocuments();
  user = await User.start();
});
after(async () => {
  await user?.stop();
  documents?.stop();
  server?.stop();
});

/** Calls the emulated Authlete: the API of the service, or what controls the emulator. */
async function authlete(method, path, body) {
  const { base_url, organization_token, control_token, service_id } = server.emulator;
  const controls = path.startsWith("/emulator/");
  const answer = await fetch(base_url + (controls ? path : `/api/${service_id}${path}`), {
    method,
    headers: { authorization: `Bearer ${controls ? control_token : organization_token}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

/** Some agents refresh by their own clock, and others when they are refused, so tokens expire in real time: in seconds. */
const SHORT = 5;

async function accessTokensLast(seconds) {
  const service = await authlete("GET", "/service/get");
  await authlete("POST", "/service/update", { ...service, accessTokenDuration: seconds });
}

/** How often tokens were refreshed so far. */
async function refreshes() {
  return JSON.stringify(await authlete("GET", "/emulator/calls")).split("grant_type=refresh_token").length - 1;
}

for (const [name, command] of Object.entries(AGENTS)) {
  describe(name, () => {
    let agent;
    before(() => (agent = new Agent(command[0], [...command.slice(1), server.resource, documents.url(name)])));
    after(() => agent?.stop());
    const scopesOf = (url) => new URL(url).searchParams.get("scope").split(" ");

    test("connects when its user agreed", async () => {
      const url = await agent.expect("open");
      const query = new URL(url).searchParams;
      assert.equal(query.get("client_id"), documents.url(name));
      assert.equal(query.get("code_challenge_method"), "S256");
      assert.equal(query.get("resource"), server.resource);
      assert.ok(scopesOf(url).includes("notes:read") && !scopesOf(url).includes("notes:write"), url);
      const text = await user.decide(url, "Allow", `${name}-connect`);
      for (const part of ["localhost, which calls itself", `The ${name} agent`, "Read your notes", server.resource, "this computer"]) {
        assert.ok(text.includes(part), `${part} in ${text}`);
      }
      await agent.expect("ready");
      agent.call("list_notes");
      assert.doesNotMatch(await agent.expect("done"), new RegExp(name));
    });

    test("asks for more when a tool needs it", async () => {
      agent.call("add_note", { text: `by ${name}.` });
      const url = await agent.expect("open");
      await accessTokensLast(SHORT);
      assert.ok(scopesOf(url).includes("notes:read") && scopesOf(url).includes("notes:write"), url);
      const text = await user.decide(url, "Allow", `${name}-step-up`, { width: 390, height: 844 });
      assert.ok(text.includes("Add notes") && text.includes("Read your notes"), text);
      assert.match(await agent.expect("done"), /^Added as number \d+\.$/);
      await accessTokensLast(600);
    });

    test("refreshes when its token has expired", async () => {
      const before = await refreshes();
      await new Promise((later) => setTimeout(later, (SHORT + 1) * 1000));
      agent.call("list_notes");
      assert.match(await agent.expect("done"), new RegExp(`by ${name}\\.`));
      assert.ok((await refreshes()) > before);
    });

    test("is refused when its user revoked", async () => {
      const { clients } = await authlete("GET", "/client/get/list?start=0&end=100");
      const { clientId } = clients.find((client) => client.metadataDocumentLocation === documents.url(name));
      await authlete("DELETE", `/client/authorization/delete/${clientId}?subject=1001`);
      agent.call("list_notes");
      let said = await agent.next();
      // All it can do is to ask the user again, who has had enough.
      if (said.what === "open") {
        await user.decide(said.rest, "Deny", `${name}-again`);
        said = await agent.next();
      }
      assert.equal(said.what, "failed", JSON.stringify(said));
    });
  });
}

test("an agent without a document registers itself", async () => {
  for (const name of ["typescript", "rust"]) {
    const [program, ...options] = AGENTS[name];
    const agent = new Agent(program, [...options, server.resource]);
    try {
      const url = await agent.expect("open");
      assert.match(new URL(url).searchParams.get("client_id"), /^\d+$/);
      const text = await user.decide(url, "Allow", `${name}-registered`);
      assert.ok(text.includes("An application that calls itself") && text.includes("this computer"), text);
      await agent.expect("ready");
      agent.call("list_notes");
      await agent.expect("done");
    } finally {
      agent.stop();
    }
  }
});

/** A port that nobody listens on. */
async function freePort() {
  const listener = createServer();
  await new Promise((ready) => listener.listen(0, "127.0.0.1", ready));
  const { port } = listener.address();
  await new Promise((closed) => listener.close(closed));
  return port;
}

test("the conformance tool finds nothing wrong with the authorization server", async () => {
  const output = mkdtempSync(`${WORK}/run/conformance-`);
  const tool = here("node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const args = [tool, "authorization", "--url", server.issuer, "--client-id", documents.url("conformance")];
  args.push("--resource", server.resource, "-p", String(await freePort()), "-o", output);
  const conformance = spawn(NODE, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((end) => conformance.on("exit", end));
  for await (const line of createInterface(conformance.stdout)) {
    if (line.startsWith(`${server.issuer}/authorize?`)) await user.decide(line.trim(), "Allow", "conformance");
  }
  assert.equal(await within(60, ended), 0);
  const checks = {};
  for (const folder of readdirSync(output)) {
    const scenario = /^authorization-server-(.*)-\d{4}-\d\d-\d\dT/.exec(folder)?.[1] ?? folder;
    checks[scenario] = JSON.parse(readFileSync(`${output}/${folder}/checks.json`)).map(({ id, status }) => `${id}: ${status}`);
  }
  // A scenario that is skipped passes as well, without checks: so they are counted.
  const counts = Object.fromEntries(Object.entries(checks).map(([scenario, all]) => [scenario, all.length]));
  assert.deepEqual(counts, { "authorization-server-metadata-endpoint": 2, "authorization-code-grant": 1 });
  const wrong = Object.values(checks).flat().filter((check) => !check.endsWith(": SUCCESS"));
  assert.deepEqual(wrong, []);
});
