// Without JavaScript: reading and plain forms work, as they do in an old tablet at the packing table.
import assert from "node:assert/strict";
import { signIn, visitor } from "../lib/browser.mjs";
import { proof } from "../lib/report.mjs";

export async function plain({ browser, plant }) {
  const { context, page } = await visitor(browser, plant, { javaScriptEnabled: false });

  await proof("without JavaScript one signs in, reads lists and opens records", async () => {
    await signIn(page, plant);
    for (const list of ["/products", "/orders"]) {
      await page.goto(list);
      const rows = page.locator("table tbody tr");
      assert.ok((await rows.count()) > 0, `${list} shows rows`);
      await page.locator(`table tbody tr a[href^="${list}/"]`).first().click();
      await page.waitForURL(new RegExp(`${list}/\\d+`));
      assert.ok((await page.locator("h1").innerText()).length > 0);
    }
  });

  await proof("without JavaScript a search is a plain form whose address can be kept", async () => {
    await page.goto("/products");
    const name = (await page.locator("table tbody tr").first().innerText()).split(/\s+/).find((word) => word.length > 4);
    const box = page.locator("main input[name=q]").first();
    await box.fill(name);
    await box.press("Enter");
    await page.waitForURL(/[?&]q=/);
    assert.ok((await page.locator("table tbody tr").count()) > 0, `"${name}" is found`);
  });

  await proof("without JavaScript an order form with an unknown code says so at its line and keeps what was typed", async () => {
    await page.goto("/orders/new");
    await page.fill("input[name=name]", "Client de probă");
    await page.fill("#sku-0", "NU-EXISTA-1");
    await page.fill("#quantity-0", "2");
    await page.click("button[name=press][value=save]:not(.sr-only)");
    await page.waitForSelector(".field.has-error .field-error");
    assert.equal(await page.inputValue("#sku-0"), "NU-EXISTA-1");
  });

  await context.close();
}
