// Without a mouse: signing in, finding a page, opening an order, changing a cell.
import assert from "node:assert/strict";
import { visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { proof } from "../lib/report.mjs";

/** Presses Tab until the element is focused; how a person gets there. */
async function tabTo(page, selector, most = 40) {
  for (let n = 0; n < most; n += 1) {
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${selector} is not reached with ${most} presses of Tab`);
}

/** What has the focus shows it: an outline or a ring of its own. */
async function focusIsVisible(page) {
  const shown = await page.evaluate(() => {
    const el = document.activeElement;
    if (!el || el === document.body) return "nothing has the focus";
    const style = getComputedStyle(el);
    const box = getComputedStyle(el.parentElement);
    const ring = (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
    return ring(style) || ring(box) ? "" : `${el.tagName} ${el.className} shows no focus`;
  });
  assert.equal(shown, "");
}

export async function keyboard({ browser, plant }) {
  const { context, page, seen } = await visitor(browser, plant);
  // A refused cell is answered with 422, which the browser notes.
  seen.expect(/status of 422/);

  await proof("signing in by keyboard alone", async () => {
    await page.goto("/login");
    await tabTo(page, "input[name=email]");
    await focusIsVisible(page);
    await page.keyboard.type(plant.email);
    await tabTo(page, "input[name=password]");
    await page.keyboard.type(plant.password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/");
  });

  await proof("the first Tab offers to skip to the content, and every stop shows its focus", async () => {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#content");
    await focusIsVisible(page);
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "content");
    await page.goto("/");
    for (let n = 0; n < 25; n += 1) {
      await page.keyboard.press("Tab");
      await focusIsVisible(page);
    }
  });

  await proof("g and a letter go to a page", async () => {
    for (const [letter, path] of [["o", "/orders"], ["p", "/products"], ["e", "/emag"], ["t", "/"]]) {
      await page.keyboard.press("g");
      await page.keyboard.press(letter);
      await page.waitForURL((url) => url.pathname === path);
      await page.waitForLoadState("load");
    }
  });

  await proof("j moves in a list, Enter opens the row, Alt+Left comes back", async () => {
    await page.goto("/orders");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/orders\/\d+$/);
    await page.goBack();
    await page.waitForURL((url) => url.pathname === "/orders");
  });

  await proof("? shows the keys, / searches, Ctrl+K goes anywhere, Esc closes", async () => {
    await page.goto("/orders");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog#keys[open]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog#keys:not([open])", { state: "attached" });
    await page.keyboard.press("/");
    assert.ok(await page.evaluate(() => document.activeElement.type === "search"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.waitForSelector("dialog#palette[open]");
    await page.keyboard.type("prod");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/products");
  });

  await proof("a code typed or scanned into the search opens its article; the palette finds an order by its number", async () => {
    await page.goto("/products");
    const sku = (await page.locator("#products tbody code").first().innerText()).trim();
    await page.goto("/");
    await page.keyboard.press("/");
    await page.keyboard.type(sku);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/products\/\d+$/);
    assert.ok((await page.locator("main").innerText()).includes(sku));
    await page.goto("/orders");
    const link = page.locator("#orders tbody a[href^='/orders/']").first();
    const [number, address] = [(await link.innerText()).trim(), await link.getAttribute("href")];
    await page.keyboard.press("Control+k");
    await page.keyboard.type(number);
    await page.waitForSelector(`#palette li[data-href='${address}']`);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === address);
  });

  await proof("a cell is edited with e, saved with Enter, undone with Esc", async () => {
    await page.goto("/products");
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    const cell = page.locator("#products tbody tr").first().locator("form[action$='/price'] input[name=value]");
    assert.ok(await cell.evaluate((el) => el === document.activeElement));
    const before = await cell.inputValue();
    await page.keyboard.type("999");
    await page.keyboard.press("Escape");
    assert.equal(await cell.inputValue(), before);
    await cell.focus();
    await page.keyboard.type("nu e un număr");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#products form.has-error .edit-error");
    await cell.fill(before);
    await cell.press("Enter");
    await page.waitForSelector("#products form.is-saved");
  });

  await proof("nothing went wrong unseen", async () => none("unseen problems", seen.problems));
  await context.close();
}
