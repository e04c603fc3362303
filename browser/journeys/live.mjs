// Two people at work: what one does is seen by the other without reloading, also after the connection was lost.
import assert from "node:assert/strict";
import { signIn, visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { proof } from "../lib/report.mjs";
import { Wire } from "../lib/wire.mjs";

/** An order that can be packed: the button is there and works. */
async function orderToPack(page) {
  await page.goto("/orders?view=confirmed");
  for (const address of await page.$$eval("#orders tbody a[href^='/orders/']", (all) => all.map((a) => a.getAttribute("href")))) {
    await page.goto(address);
    if ((await page.locator(`form[action='${address}/pack'] button:not([disabled])`).count()) > 0) return address;
  }
  throw new Error("no order can be packed");
}

const press = (page, address, what) => Promise.all([page.waitForResponse((r) => r.url().endsWith(address) && r.request().method() === "GET"), page.click(`form[action='${address}/${what}'] button`)]);

/** A mark on the page that a reload would wipe away. */
const mark = (page) => page.evaluate(() => { globalThis.sameDocument = true; });
const isSame = (page) => page.evaluate(() => globalThis.sameDocument === true);

export async function live({ browser, plant }) {
  const wire = await Wire.to(plant.url);
  const other = await visitor(browser, plant);
  const { context, page, seen } = await visitor(browser, { url: wire.url });
  seen.expect(/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET/);
  await signIn(page, plant);
  await signIn(other.page, plant);
  const address = await orderToPack(other.page);
  const row = page.locator("#orders tbody tr", { has: page.locator(`a[href='${address}']`) });

  await proof("an open list shows what somebody else does, without reloading", async () => {
    const number = (await other.page.locator("h1").innerText()).match(/\d{4,}/)[0];
    await page.goto(`/orders?q=${number}`);
    const before = await row.locator(".badge").first().innerText();
    await mark(page);
    await press(other.page, address, "pack");
    await page.waitForFunction(([selector, old]) => {
      const badge = document.querySelector(`#orders a[href='${selector}']`)?.closest("tr")?.querySelector(".badge");
      return badge && badge.textContent !== old;
    }, [address, before]);
    assert.ok(await isSame(page));
  });

  await proof("while somebody types, the list waits, and comes when they are done", async () => {
    await page.goto("/products");
    const cell = page.locator("#products .edit input[name=value]").first();
    await cell.click();
    await cell.pressSequentially("1");
    const typed = await cell.inputValue();
    await other.page.goto("/products?sort=-name");
    const theirs = other.page.locator("#products form[action$='/price'] input[name=value]").first();
    await theirs.fill("43,21");
    await theirs.press("Enter");
    await other.page.waitForSelector("#products form.is-saved");
    await page.waitForTimeout(800);
    assert.equal(await cell.inputValue(), typed);
    assert.ok(await cell.evaluate((el) => el === document.activeElement));
    await page.keyboard.press("Escape");
  });

  await proof("a lost connection is shown, heals by itself, and what was missed is fetched", async () => {
    await page.goto(address);
    await mark(page);
    await wire.pullOut();
    await page.waitForSelector("#live-state:not([hidden])");
    await other.page.goto(address);
    await press(other.page, address, "ship");
    await wire.plugIn();
    await page.waitForSelector("#live-state", { state: "hidden", timeout: 30_000 });
    await page.waitForFunction((path) => !document.querySelector(`form[action='${path}/ship']`), address);
    assert.ok(await isSame(page));
  });

  await proof("nothing went wrong unseen", async () => none("unseen problems", [...seen.problems, ...other.seen.problems]));
  await context.close();
  await other.context.close();
  await wire.pullOut();
}
