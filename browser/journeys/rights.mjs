// Somebody from the warehouse: sees only what the role allows, and is told so in words where it ends.
import assert from "node:assert/strict";
import { signIn, visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { look } from "../lib/look.mjs";
import { proof } from "../lib/report.mjs";

const WORKER = { name: "Vasile Depozit", email: "depozit@magflow.test", password: "zece cutii pe raft" };

export async function rights({ browser, plant, pictures }) {
  await proof("the owner lets somebody in with a role", async () => {
    const { context, page, seen } = await visitor(browser, plant);
    await signIn(page, plant);
    await page.goto("/users/new");
    await page.fill("input[name=name]", WORKER.name);
    await page.fill("input[name=email]", WORKER.email);
    await page.fill("input[name=password]", WORKER.password);
    await page.check("input[name=roles][value=warehouse]");
    await Promise.all([page.waitForURL((url) => url.pathname !== "/users/new"), page.press("input[name=name]", "Enter")]);
    none("unseen problems", seen.problems);
    await context.close();
  });

  const { context, page, seen } = await visitor(browser, plant);
  await signIn(page, WORKER);

  await proof("the menu names only pages that open", async () => {
    const entries = await page.$$eval(".rail-link", (all) => all.map((a) => a.getAttribute("href")));
    assert.ok(entries.includes("/orders") && !entries.includes("/users"), entries.join(" "));
    for (const entry of entries) assert.equal((await page.goto(entry)).status(), 200, entry);
  });

  await proof("what the role does not allow is said in words, with a way on", async () => {
    seen.expect(/status of 403/);
    assert.equal((await page.goto("/users")).status(), 403);
    none("faults", await look(page, seen, "forbidden", { pictures }));
    assert.ok((await page.locator("main a.btn").count()) > 0);
  });

  await proof("without the permission for prices the list shows them and offers no field", async () => {
    await page.goto("/products");
    assert.equal(await page.locator("form[action$='/price']").count(), 0);
    assert.ok((await page.locator("table tbody tr").count()) > 0);
  });

  await proof("nothing went wrong unseen", async () => none("unseen problems", seen.problems));
  await context.close();
}
