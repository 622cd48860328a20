// What the tests share: a client that registers itself, a browser, and what every page has to fulfil.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

export const SERVER = process.env.AUTHORIZATION_SERVER;
export const CALLBACK = `${SERVER}/client/callback`;
const CIBA = "urn:openid:params:grant-type:ciba";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DESKTOP = { viewport: { width: 1280, height: 800 } };

/** What people meet pages on, by name: the options of a browser context. */
export const DEVICES = {
  desktop: DESKTOP,
  "desktop-dark": { ...DESKTOP, colorScheme: "dark" },
  phone: PHONE,
  "phone-without-scripts": { ...PHONE, javaScriptEnabled: false },
};

/** Starts Chromium with nothing left from before, and nothing that calls home. */
export function launch() {
  const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  args.push("--disable-component-update", "--disable-sync", "--no-proxy-server");
  // Its sandbox does not work for root.
  return chromium.launch({ executablePath: process.env.CHROMIUM, chromiumSandbox: process.getuid() !== 0, args });
}

/** Calls the management API of the emulated service. */
async function manage(method, path, body) {
  const { EMULATOR, EMULATOR_TOKEN, EMULATOR_SERVICE } = process.env;
  const answer = await fetch(`${EMULATOR}/api/${EMULATOR_SERVICE}${path}`, {
    method,
    headers: { authorization: `Bearer ${EMULATOR_TOKEN}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

/** A client for all flows of the pages. */
export class Client {
  /** One that the operator registers, with settings of Authlete's. */
  static async create(settings) {
    const service = await manage("GET", "/service/get");
    await manage("POST", "/service/update", {
      ...service,
      supportedAuthorizationDetailsTypes: ["payment_initiation"],
    });
    const { clientId, clientSecret } = await manage("POST", "/client/create", {
      clientType: "CONFIDENTIAL",
      applicationType: "WEB",
      redirectUris: ["https://shop.example/callback"],
      responseTypes: ["CODE"],
      grantTypes: ["AUTHORIZATION_CODE"],
      tokenAuthMethod: "CLIENT_SECRET_BASIC",
      ...settings,
    });
    return new Client({ client_id: clientId, client_secret: clientSecret });
  }

  static async register(name) {
    const metadata = {
      client_name: name,
      redirect_uris: [CALLBACK],
      grant_types: ["authorization_code", "refresh_token", CIBA, DEVICE],
      backchannel_token_delivery_mode: "poll",
    };
    const answer = await fetch(`${SERVER}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(metadata),
    });
    assert.equal(answer.status, 201, await answer.clone().text());
    return new Client(await answer.json());
  }

  constructor({ client_id, client_secret }) {
    this.id = client_id;
    this.authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`;
  }

  /** Posts a form, as the client: the answer has the status beside the members. */
  async post(path, form) {
    const headers = { authorization: this.authorization };
    const answer = await fetch(SERVER + path, { method: "POST", headers, body: new URLSearchParams(form) });
    return { status: answer.status, ...(await answer.json()) };
  }

  /** A new authorization request. */
  request(parameters = {}) {
    this.verifier = randomBytes(32).toString("base64url");
    this.state = randomBytes(16).toString("base64url");
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.id,
      redirect_uri: CALLBACK,
      scope: "openid profile email",
      state: this.state,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...parameters,
    });
    return `${SERVER}/authorize?${query}`;
  }

  /** What came back for it, as the client has to check it. */
  response(url) {
    const { origin, pathname, searchParams } = new URL(url);
    assert.equal(origin + pathname, CALLBACK);
    assert.equal(searchParams.get("state"), this.state);
    assert.equal(searchParams.get("iss"), SERVER);
    return searchParams;
  }

  exchange(code) {
    const form = { grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: this.verifier };
    return this.post("/token", form);
  }

  device() {
    return this.post("/device_authorization", { client_id: this.id, scope: "profile email" });
  }

  /** What the device gets. It comes once: devices that ask again have to wait. */
  pollDevice(device_code) {
    return this.post("/token", { grant_type: DEVICE, client_id: this.id, device_code });
  }

  backchannel(binding_message) {
    return this.post("/backchannel", { scope: "openid profile", login_hint: "ada", binding_message });
  }

  pollBackchannel(auth_req_id) {
    return this.post("/token", { grant_type: CIBA, auth_req_id });
  }
}

/** A person with a browser of their own, who looks at every page. */
export class Visitor {
  constructor(page, name, scripts) {
    Object.assign(this, { page, scripts, directory: `${process.env.SCREENSHOTS}/${name}/`, count: 0 });
    mkdirSync(this.directory, { recursive: true });
  }

  static async with(browser, name, options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const visitor = new Visitor(page, name, options.javaScriptEnabled !== false);
    // Nothing of ours asks for that: only something that was smuggled in.
    page.on("dialog", (dialog) => {
      visitor.alarm = dialog.message();
      dialog.dismiss();
    });
    visitor.complaints = [];
    page.on("console", (message) => message.type() === "error" && visitor.complaints.push(message.text()));
    return visitor;
  }

  async open(url) {
    await this.page.goto(url);
  }

  async click(name) {
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  /** Types into the field with that label. */
  async type(label, text) {
    await this.page.getByLabel(label).fill(text);
  }

  async logIn(username, password) {
    await this.sees("Log in", "login");
    await this.type("User name", username);
    await this.type("Password", password);
    await this.click("Log in");
  }

  /** The page has that heading, and is as pages have to be. */
  async sees(heading, screenshot) {
    const { page } = this;
    await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
    assert.equal(await page.title(), heading);
    this.count += 1;
    const file = `${String(this.count).padStart(2, "0")}-${screenshot}.png`;
    await page.screenshot({ path: this.directory + file, fullPage: true });
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert.ok(scrollWidth <= clientWidth, `${heading} scrolls sideways: ${scrollWidth} > ${clientWidth}`);
    if (this.scripts) await this.isAccessible();
    assert.equal(this.alarm, undefined);
  }

  /** WCAG 2.2, levels A and AA, as far as axe can tell: names of controls, contrast, language, structure. */
  async isAccessible() {
    await this.page.evaluate(AXE);
    const { violations, passes } = await this.page.evaluate(() => window.axe.run());
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(found, []);
    assert.ok(passes.some(({ id }) => id === "color-contrast"));
  }
}
