// The emulator's page, as people meet it: on a desktop and on a phone, with and without scripts.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, DEVICES, Visitor, launch } from "./support.js";

const { EMULATOR } = process.env;

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

for (const [device, options] of Object.entries(DEVICES)) {
  const name = `emulator-${device}`;
  describe(name, () => {
    let visitor;
    let client;
    before(async () => {
      client = await Client.register("Ada's garden centre");
      visitor = await Visitor.with(browser, name, options);
    });
    after(() => visitor?.page.context().close());

    test("services, clients and what waits, with their secrets on demand", async () => {
      const { page } = visitor;
      // A request that waits for its user.
      await fetch(client.request(), { redirect: "manual" });
      await visitor.open(`${EMULATOR}/`);
      await visitor.sees("Authlete emulator", "overview");
      const text = () => page.getByRole("main").innerText();
      assert.ok((await text()).includes("Ada's garden centre"));
      assert.ok(!(await page.content()).includes(process.env.EMULATOR_TOKEN));
      await page.getByRole("link", { name: "Show secrets" }).click();
      await visitor.sees("Authlete emulator", "secrets");
      assert.ok((await text()).includes(process.env.EMULATOR_TOKEN));
      await page.getByRole("link", { name: "Hide secrets" }).click();
    });

    test("a call with its request and its response", async () => {
      const { page } = visitor;
      await visitor.open(`${EMULATOR}/`);
      const call = page.locator("details").first();
      await call.locator("summary").click();
      await call.getByText("Response", { exact: true }).waitFor();
      await visitor.sees("Authlete emulator", "call");
    });

    test("the clock, a fault, and a state to go back to", async () => {
      const { page } = visitor;
      const time = async () => Date.parse(await page.locator("time").getAttribute("datetime"));
      await visitor.open(`${EMULATOR}/`);
      const earlier = await time();
      await page.getByLabel("Seconds", { exact: true }).fill("120");
      await visitor.click("Advance");
      assert.ok((await time()) >= earlier + 120_000);
      await page.getByLabel("Kind").selectOption("status");
      await page.getByLabel("Operation").selectOption("service_get");
      await visitor.click("Inject");
      await page.getByRole("cell", { name: "service_get" }).waitFor();
      await visitor.sees("Authlete emulator", "fault");
      await visitor.click("Take back");
      await page.getByText("None waits for its call.").waitFor();
      await visitor.type("Present state as", name);
      await visitor.click("Save");
      await page.locator("select[name=state]").selectOption(name);
      await visitor.click("Reset");
      await visitor.sees("Authlete emulator", "reset");
      assert.ok((await page.getByRole("main").innerText()).includes("Ada's garden centre"));
    });
  });
}
