// The first day: an empty database, the one-time set-up page, and pages that have nothing to show yet.
import assert from "node:assert/strict";
import { visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { look } from "../lib/look.mjs";
import { proof } from "../lib/report.mjs";

const OWNER = { name: "Ioana Marinescu", email: "ioana@magazin.test", password: "un cal verde pe masa" };
/** Lists that say what they are for while nothing is in them. */
const EMPTY = ["/orders", "/products", "/inventory", "/inventory/movements", "/customers", "/emag", "/emag/offers", "/emag/holds"];
const OTHERS = ["/", "/orders/new", "/products/new", "/emag/accounts/new", "/users", "/audit", "/settings", "/system", "/search?q=nimic"];

async function fillIn(page, more = {}) {
  const fields = { name: OWNER.name, email: OWNER.email, password: OWNER.password, company: "Magazin Nou SRL", ...more };
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
}

async function finish(page) {
  await Promise.all([page.waitForURL((url) => url.pathname === "/"), page.click("form[action='/setup'] button.btn-primary")]);
}

/** A shop without a marketplace account, as it looks before anything was entered. */
async function emptyShop({ browser, pictures, start }) {
  const plant = await start("fresh", "fresh");
  await plant.ready();
  const { context, page, seen } = await visitor(browser, plant);

  await proof("on an empty database every page leads to the set-up page", async () => {
    await page.goto("/orders");
    assert.equal(new URL(page.url()).pathname, "/setup");
    none("faults", await look(page, seen, "setup", { pictures }));
  });

  await proof("a mistake is named at its field and what was typed stays", async () => {
    seen.expect(/status of 422/);
    await fillIn(page, { password: "scurt" });
    await page.click("form[action='/setup'] button.btn-primary");
    await page.waitForSelector(".field.has-error .field-error");
    assert.equal(await page.inputValue("[name=company]"), "Magazin Nou SRL");
    none("faults", await look(page, seen, "setup-mistake", { pictures }));
  });

  await proof("owner, company and language are set up and Today offers to connect the marketplace", async () => {
    await fillIn(page);
    await finish(page);
    await page.waitForSelector("main a[href='/emag/accounts/new']");
    seen.expect(/status of 404/);
    assert.equal((await page.goto("/setup")).status(), 404, "the set-up page is there once");
  });

  for (const address of [...EMPTY, ...OTHERS]) {
    await proof(`${address} of a new shop: readable for everybody, says what comes next`, async () => {
      assert.equal((await page.goto(address)).status(), 200);
      if (EMPTY.includes(address)) assert.ok((await page.locator("main .empty").count()) > 0, "an empty list says what it is for");
      const name = address.split("?")[0].replace(/^\/$/, "today").replace(/^\//, "").replaceAll("/", "-");
      none("faults", await look(page, seen, `empty-${name}`, { pictures }));
    });
  }
  await proof("nothing went wrong unseen", async () => none("unseen problems", seen.problems));
  await context.close();
  await plant.stop();
}

/** In English and with an account. Without jobs, so that nobody calls the real marketplace. */
async function withAccount({ browser, start }) {
  const plant = await start("fresh", "fresh-with-account", { jobs: false });
  await plant.ready();
  const { context, page, seen } = await visitor(browser, plant, { locale: "en-GB" });

  await proof("set-up in English with a marketplace account ends on Today, and the account sends nothing yet", async () => {
    await page.goto("/");
    assert.equal(await page.getAttribute("html", "lang"), "en");
    await fillIn(page, { account_name: "Main shop", account_username: "shop@magazin.test", account_password: "api-password" });
    await page.selectOption("[name=locale]", "en");
    await finish(page);
    assert.equal(await page.getAttribute("html", "lang"), "en");
    assert.match(await page.locator("main").innerText(), /Main shop/);
    await page.goto("/emag");
    const card = page.locator("section.card", { hasText: "Main shop" });
    assert.match(await card.innerText(), /sending off/i);
    assert.ok(!(await page.content()).includes("api-password"));
  });
  await proof("nothing went wrong unseen", async () => none("unseen problems", seen.problems));
  await context.close();
  await plant.stop();
}

export async function setup(stage) {
  await emptyShop(stage);
  await withAccount(stage);
}
