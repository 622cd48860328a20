// The server under test, the documents of agents, the user's browser, and the programs that agents are.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const { WORK, CHROMIUM, MCP_SERVER } = process.env;
const PICTURES = `${WORK}/pictures`;
mkdirSync(PICTURES, { recursive: true });

/** Starts the MCP server with its authorization server, and says where everything is. */
export async function startServer() {
  const authorities = ["--fetch-authorities", `${WORK}/run/authority.pem`];
  const server = spawn(MCP_SERVER, ["--port", "0", "--json", ...authorities], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await within(20, createInterface(server.stdout)[Symbol.asyncIterator]().next().then((next) => [next.value]));
  return { ...JSON.parse(line), stop: () => server.kill() };
}

/** Metadata documents, over TLS. Every agent has one, which does not say on which port it listens. */
export async function startDocuments() {
  const file = (name) => readFileSync(`${WORK}/run/${name}`);
  const server = createServer({ cert: file("server.pem"), key: file("server.key") }, (request, response) => {
    const name = /^\/([a-z0-9-]+)\.json$/.exec(request.url)?.[1];
    const document = {
      client_id: url(name),
      client_name: `The ${name} agent`,
      redirect_uris: ["http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
    response.writeHead(name ? 200 : 404, { "content-type": "application/json", "cache-control": "max-age=60" });
    response.end(JSON.stringify(document));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = (name) => `https://localhost:${server.address().port}/${name}.json`;
  return { url, stop: () => server.close() };
}

/** The user, Ada, with a browser of her own. */
export class User {
  static async start() {
    const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
    args.push("--disable-component-update", "--disable-sync", "--no-proxy-server");
    // Its sandbox does not work for root.
    const options = { executablePath: CHROMIUM, chromiumSandbox: process.getuid() !== 0, args };
    const user = new User();
    user.browser = await chromium.launch(options);
    return user;
  }

  /** Goes where an agent sends her, logs in where she has to, and decides. Gives what the page said. */
  async decide(url, decision, picture, viewport = { width: 1280, height: 800 }) {
    const context = await this.browser.newContext({ viewport });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByLabel("User name").fill("ada");
    await page.getByLabel("Password").fill("lovelace");
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByRole("heading", { name: "Do you agree?", exact: true }).waitFor();
    await page.screenshot({ path: `${PICTURES}/${picture}.png`, fullPage: true });
    const text = await page.getByRole("main").innerText();
    await page.getByRole("button", { name: decision, exact: true }).click();
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:/);
    await context.close();
    return text;
  }

  stop() {
    return this.browser.close();
  }
}

/** A program that is an agent. It prints `open URL` where a user is needed, and `done …` or `failed …` for each call. */
export class Agent {
  constructor(command, args) {
    this.process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface(this.process.stdout)[Symbol.asyncIterator]();
  }

  /** The next thing that it says. */
  async next() {
    for (;;) {
      const { value, done } = await within(60, this.lines.next());
      assert.ok(!done, "the agent ended");
      const said = /^(open|ready|done|failed) ?(.*)$/.exec(value);
      if (said) return { what: said[1], rest: said[2] };
    }
  }

  async expect(what) {
    const said = await this.next();
    assert.equal(said.what, what, JSON.stringify(said));
    return said.rest;
  }

  call(tool, args = {}) {
    this.process.stdin.write(`${JSON.stringify({ name: tool, arguments: args })}\n`);
  }

  stop() {
    this.process.kill();
  }
}

/** Fails when something takes longer than so many seconds. */
export async function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${seconds} seconds`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
