// Login, consent, devices and approvals, as people meet them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, DEVICES, SERVER, Visitor, launch } from "./support.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

for (const [name, options] of Object.entries(DEVICES)) {
  describe(name, () => {
    let client;
    let visitor;
    before(async () => {
      client = await Client.register("Ada's garden centre");
      visitor = await Visitor.with(browser, name, options);
    });
    after(() => visitor?.page.context().close());

    test("a wrong password, the right one, and consent", async () => {
      await visitor.open(client.request());
      await visitor.logIn("ada", "byron");
      await visitor.sees("Log in", "wrong-password");
      assert.match(await visitor.page.getByRole("alert").innerText(), /do not match/);
      assert.equal(await visitor.page.getByLabel("User name").inputValue(), "ada");
      await visitor.logIn("ada", "lovelace");
      await visitor.sees("Do you agree?", "consent");
      const text = await visitor.page.getByRole("main").innerText();
      for (const part of ["Ada's garden centre", "Ada Lovelace", "Read your email address"]) {
        assert.ok(text.includes(part), `${part} in ${text}`);
      }
      await visitor.click("Allow");
      await visitor.sees("The client", "client");
      const tokens = await client.exchange(client.response(visitor.page.url()).get("code"));
      assert.equal(tokens.status, 200, JSON.stringify(tokens));
      assert.ok(tokens.id_token);
    });

    test("who agreed is not asked again, and can refuse when asked", async () => {
      await visitor.open(client.request());
      await visitor.sees("The client", "at-once");
      assert.ok(client.response(visitor.page.url()).get("code"));
      await visitor.open(client.request({ prompt: "consent" }));
      await visitor.sees("Do you agree?", "consent-again");
      await visitor.click("Deny");
      await visitor.sees("The client", "denied");
      assert.equal(client.response(visitor.page.url()).get("error"), "access_denied");
      await visitor.page.goBack();
      await visitor.sees("Too late", "back-after-denial");
    });

    test("a login can be given up", async () => {
      await visitor.open(client.request({ prompt: "login" }));
      await visitor.sees("Log in", "login-again");
      await visitor.click("Cancel");
      await visitor.sees("The client", "cancelled");
      assert.equal(client.response(visitor.page.url()).get("error"), "access_denied");
    });

    test("payments, names of a client's own choice, apps and agents are told as what they are", async () => {
      const { page } = visitor;
      const shows = async (...parts) => {
        const text = await page.getByRole("main").innerText();
        for (const part of parts) assert.ok(text.includes(part), `${part} in ${text}`);
      };
      const shop = await Client.create({ clientName: "A shop", authorizationDetailsTypes: ["payment_initiation"] });
      const payment = {
        type: "payment_initiation",
        instructedAmount: { currency: "EUR", amount: "123.50" },
        creditorName: "A shop",
        recurring: false,
      };
      await visitor.open(
        shop.request({
          redirect_uri: "https://shop.example/callback",
          scope: "openid",
          claims: JSON.stringify({ userinfo: { email: null } }),
          authorization_details: JSON.stringify([payment]),
          resource: "https://bank.example/payments",
        }),
      );
      await visitor.sees("Do you agree?", "payment");
      await shows("A shop wants", "Instructed amount", "123.50", "Your email address", "https://bank.example/payments");
      await shows("shop.example");
      const redirect_uri = "http://127.0.0.1:49152/callback";
      const agent = await Client.create({
        clientName: "An agent",
        clientType: "PUBLIC",
        applicationType: "NATIVE",
        tokenAuthMethod: "NONE",
        redirectUris: ["http://127.0.0.1/callback"],
      });
      await visitor.open(agent.request({ redirect_uri }));
      await visitor.sees("Do you agree?", "native");
      await shows("An agent wants", "a program on this computer");
      const itself = await Client.register("Your bank");
      await visitor.open(itself.request({ prompt: "consent" }));
      await visitor.sees("Do you agree?", "names-itself");
      await shows("An application that calls itself “Your bank”");
    });

    test("guessing takes time", async () => {
      await visitor.open(`${SERVER}/login`);
      const username = `nobody on ${name}`;
      const alert = visitor.page.getByRole("alert");
      for (let guess = 0; guess < 12; guess += 1) {
        await visitor.type("User name", username);
        await visitor.type("Password", `${guess}`);
        await visitor.click("Log in");
        await alert.waitFor();
      }
      await visitor.sees("Log in", "too-many-attempts");
      assert.match(await alert.innerText(), /too many attempts/);
    });

    test("the answer as a form, which posts itself or at a click", async () => {
      await visitor.open(client.request({ response_mode: "form_post" }));
      if (!visitor.scripts) await visitor.click("Continue");
      await visitor.page.waitForURL(`${SERVER}/client/callback`);
    });

    test("a device: wrong codes, then one that is allowed and one that is denied", async () => {
      await visitor.open(`${SERVER}/device`);
      await visitor.sees("Connect a device", "device");
      await visitor.type("The code that the device shows", "NO-SUCH-CODE");
      await visitor.click("Go on");
      await visitor.sees("Connect a device", "device-wrong-code");
      assert.match(await visitor.page.getByRole("alert").innerText(), /no such code/);
      for (const [button, says, status] of [
        ["Allow", "Go on with your device", 200],
        ["Deny", "The device was refused", 400],
      ]) {
        const device = await client.device();
        await visitor.open(device.verification_uri);
        await visitor.type("The code that the device shows", ` ${device.user_code.toLowerCase()} `);
        await visitor.click("Go on");
        await visitor.sees("Do you agree?", `device-${button.toLowerCase()}`);
        assert.ok((await visitor.page.getByRole("main").innerText()).includes(device.user_code));
        await visitor.click(button);
        await visitor.sees("Done", "device-done");
        assert.ok((await visitor.page.getByRole("main").innerText()).includes(says));
        const tokens = await client.pollDevice(device.device_code);
        assert.equal(tokens.status, status, JSON.stringify(tokens));
        assert.equal(tokens.error, status === 200 ? undefined : "access_denied");
      }
      const { verification_uri_complete } = await client.device();
      await visitor.open(verification_uri_complete);
      await visitor.sees("Do you agree?", "device-scanned");
    });

    test("approvals of requests that a client makes elsewhere", async () => {
      const messages = { Allow: `${name}: table 12, 38.50 euros`, Deny: `${name}: table 13, 9000 euros` };
      const asked = {};
      for (const [button, message] of Object.entries(messages)) asked[button] = await client.backchannel(message);
      await visitor.open(`${SERVER}/approvals`);
      await visitor.sees("Requests that wait for you", "approvals");
      for (const [button, message] of Object.entries(messages)) {
        const request = visitor.page.getByRole("article").filter({ hasText: message });
        await request.getByRole("button", { name: button, exact: true }).click();
        await visitor.sees("Requests that wait for you", `approvals-${button.toLowerCase()}`);
        assert.equal(await request.count(), 0);
        const tokens = await client.pollBackchannel(asked[button].auth_req_id);
        assert.equal(tokens.status, button === "Allow" ? 200 : 400, JSON.stringify(tokens));
        assert.equal(tokens.error, button === "Allow" ? undefined : "access_denied");
      }
      await visitor.click("Log out");
      await visitor.sees("Authorization server", "home");
      await visitor.page.getByRole("link", { name: "Requests that wait for you" }).click();
      await visitor.sees("Log in", "logged-out");
    });

    test("nothing was reported on the console but the status of pages", () => {
      assert.deepEqual(visitor.complaints.filter((text) => !text.startsWith("Failed to load resource")), []);
    });
  });
}
