// The door: who is not signed in is sent to it and, after it, to where they wanted to go.
import assert from "node:assert/strict";
import { signIn, visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { proof } from "../lib/report.mjs";

export async function door({ browser, plant }) {
  await proof("a page asked for before signing in is shown after it", async () => {
    const { context, page, seen } = await visitor(browser, plant);
    await page.goto("/orders?q=popescu");
    assert.equal(new URL(page.url()).pathname, "/login");
    await page.fill("input[name=email]", plant.email);
    await page.fill("input[name=password]", plant.password);
    await page.press("input[name=password]", "Enter");
    await page.waitForURL("**/orders?q=popescu");
    none("unseen problems", seen.problems);
    await context.close();
  });

  await proof("a wrong password is told in words, the address stays filled in, and nobody gets in", async () => {
    const { context, page, seen } = await visitor(browser, plant);
    seen.expect(/status of 4\d\d/);
    await page.goto("/login");
    await page.fill("input[name=email]", plant.email);
    await page.fill("input[name=password]", "not the password");
    await page.press("input[name=password]", "Enter");
    await page.waitForSelector("[role=alert], .field-error, .notice.is-error");
    assert.equal(await page.inputValue("input[name=email]"), plant.email);
    assert.equal(await page.inputValue("input[name=password]"), "");
    await page.goto("/products");
    assert.equal(new URL(page.url()).pathname, "/login");
    none("unseen problems", seen.problems);
    await context.close();
  });

  await proof("the language can be chosen at the door, before anybody is known", async () => {
    const { context, page, seen } = await visitor(browser, plant);
    await page.goto("/login");
    assert.equal(await page.getAttribute("html", "lang"), "ro");
    await page.click("button[name=locale][value=en]");
    await page.waitForSelector("html[lang=en]");
    none("unseen problems", seen.problems);
    await context.close();
  });

  await proof("after signing out the pages are closed, also with the back button", async () => {
    const { context, page, seen } = await visitor(browser, plant);
    await signIn(page, plant);
    await page.goto("/orders");
    await page.click("details[data-menu] summary");
    await Promise.all([page.waitForURL("**/login*"), page.click("form[action='/logout'] button")]);
    await page.goBack();
    await page.waitForURL("**/login*");
    none("unseen problems", seen.problems);
    await context.close();
  });
}
