// What only a real browser can tell: that nothing smuggled in runs, and that other sites can do nothing with the pages.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { Client, SERVER, Visitor, launch } from "./support.js";

const SCRIPT = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>`;

let browser;
let evil;
let ada;

/** A page of another site: the server is at localhost, this at 127.0.0.1. */
function elsewhere(html) {
  evil.removeAllListeners("request");
  evil.on("request", (_, response) => response.setHeader("content-type", "text/html").end(`<!DOCTYPE html>${html}`));
  return `http://127.0.0.1:${evil.address().port}/`;
}

before(async () => {
  browser = await launch();
  evil = createServer();
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  ada = await Visitor.with(browser, "attacks", { viewport: { width: 390, height: 844 } });
});
after(async () => {
  await browser?.close();
  evil?.close();
});

test("names, messages and codes of others are shown as they are, and never run", async () => {
  const client = await Client.register(`${SCRIPT}${"W".repeat(120)}`);
  await ada.open(client.request({ login_hint: SCRIPT, state: SCRIPT, prompt: "login consent" }));
  client.state = SCRIPT;
  assert.equal(await ada.page.getByLabel("User name").inputValue(), SCRIPT);
  await ada.logIn("ada", "lovelace");
  await ada.sees("Do you agree?", "consent");
  // Double quotes are the page's own, around the name: a client's are single ones.
  assert.ok((await ada.page.getByRole("main").innerText()).includes(SCRIPT.replaceAll('"', "'")));
  await ada.click("Allow");
  await ada.sees("The client", "client");
  assert.ok(client.response(ada.page.url()).get("code"));

  await ada.open(`${SERVER}/device?user_code=${encodeURIComponent(SCRIPT)}`);
  await ada.sees("Connect a device", "device");
  const { verification_uri_complete } = await client.device();
  await ada.open(verification_uri_complete);
  await ada.sees("Do you agree?", "device-consent");

  const asked = await client.backchannel(SCRIPT);
  await ada.open(`${SERVER}/approvals`);
  await ada.sees("Requests that wait for you", "approvals");
  // A message that is refused cannot be shown.
  assert.equal((await ada.page.getByRole("main").innerText()).includes(SCRIPT), asked.status === 200);
  assert.equal(ada.alarm, undefined);
});

test("names do no harm to the words around them, nor to the page", async () => {
  for (const [name, screenshot] of [
    ["\u202eknab ruoY\u2066\u200b", "bidi"],
    ["W".repeat(100_000), "long"],
    ["Z\u0300".repeat(40), "marks"],
  ]) {
    const client = await Client.register(name);
    await ada.open(client.request());
    await ada.sees("Do you agree?", `name-${screenshot}`);
    const text = await ada.page.getByRole("main").innerText();
    assert.ok(text.includes("wants to act for you, Ada Lovelace."), text.slice(0, 300));
    assert.ok(text.length < 1_000 && !/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(text));
    const { verification_uri_complete } = await client.device();
    await ada.open(verification_uri_complete);
    await ada.sees("Do you agree?", `device-name-${screenshot}`);
  }
});

test("a page decides about the device that it shows, whatever another site opens in another tab", async () => {
  const [mine, theirs] = [await Client.register("My television"), await Client.register("Theirs")];
  const [a, b] = [await mine.device(), await theirs.device()];
  await ada.open(a.verification_uri_complete);
  await ada.sees("Do you agree?", "two-tabs");
  const tab = await ada.page.context().newPage();
  await tab.goto(elsewhere(`<a href="${b.verification_uri_complete}">Win</a>`));
  await tab.getByRole("link").click();
  await tab.getByText("Theirs").waitFor();
  await tab.close();
  await ada.click("Allow");
  await ada.sees("Done", "two-tabs-done");
  assert.equal((await mine.pollDevice(a.device_code)).status, 200);
  assert.equal((await theirs.pollDevice(b.device_code)).error, "authorization_pending");
});

test("no other site frames a page", async () => {
  const client = await Client.register("Framed");
  const { verification_uri_complete } = await client.device();
  for (const url of [`${SERVER}/login`, `${SERVER}/approvals`, verification_uri_complete, client.request()]) {
    await ada.open(elsewhere(`<title>evil</title><iframe src="${url.replaceAll("&", "&amp;")}"></iframe>`));
    const [frame] = ada.page.frames().slice(1);
    assert.equal(await frame.locator("main").count(), 0, url);
    assert.ok(frame.url().startsWith("chrome-error:"), `${url} is shown in a frame: ${frame.url()}`);
  }
});

test("no other site sends a form in the name of who is logged in", async () => {
  await ada.open(`${SERVER}/approvals`);
  await ada.sees("Requests that wait for you", "logged-in");
  for (const path of ["/approvals", "/device", "/login", "/logout", "/interaction/x"]) {
    await ada.open(elsewhere(`<form method="post" action="${SERVER}${path}"><button>Win</button></form>`));
    await ada.click("Win");
    await ada.sees("Try again", "forged");
    // The form made no session of its own either, in place of Ada's.
    await ada.open(`${SERVER}/approvals`);
    await ada.sees("Requests that wait for you", "still-logged-in");
  }
});

test("a request that a client's page posts is for who is logged in", async () => {
  const client = await Client.register("Poster");
  const { origin, pathname, searchParams } = new URL(client.request());
  const inputs = [...searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  const form = `<form method="post" action="${origin}${pathname}">${inputs.join("")}<button>Start</button></form>`;
  await ada.open(elsewhere(form));
  await ada.click("Start");
  await ada.sees("Do you agree?", "posted");
});

test("no script of another site reads a page", async () => {
  await ada.open(elsewhere("<title>evil</title>"));
  const read = (url) => fetch(url, { credentials: "include" }).then((answer) => answer.text(), (error) => error.name);
  assert.equal(await ada.page.evaluate(read, `${SERVER}/approvals`), "TypeError");
  await ada.open(`${SERVER}/approvals`);
  assert.equal(await ada.page.evaluate(() => document.cookie), "");
});
