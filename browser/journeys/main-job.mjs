// The main job: a marketplace account is connected, its offers and orders come in, stock is reserved, and a change of
// price here arrives at the marketplace. On a third account with articles of its own, so that its figures are known.
import assert from "node:assert/strict";
import { signIn, visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { look } from "../lib/look.mjs";
import { until } from "../lib/plant.mjs";
import { proof } from "../lib/report.mjs";

const ACCOUNT = { username: "journey@magflow.test", password: "journey-password", platform: "emag-ro", type: "MAIN", allowed_ips: [] };
const OFFERS = 12;
const STOCK = 20;
const FIRST_ID = 900001;
const sku = (n) => `JRN${String(n).padStart(4, "0")}`;

/** Twelve articles that nobody else sells, at 29.7521 net, which is 36 lei with VAT. */
function offers() {
  return Array.from({ length: OFFERS }, (_, n) => ({
    id: FIRST_ID + n,
    part_number: sku(n),
    name: `Suport telefon pentru călătorie, model ${n + 1}, reglabil, negru`,
    sale_price: 29.7521,
    recommended_price: 41.3223,
    min_sale_price: 8,
    max_sale_price: 800,
    general_stock: STOCK,
    status: 1,
    vat_id: 1,
  }));
}

async function openShop(plant) {
  const state = await plant.sandbox("GET", "/state");
  state.accounts.push(ACCOUNT);
  state.offers[ACCOUNT.username] = offers();
  state.orders[ACCOUNT.username] = [];
  await plant.sandbox("PUT", "/state", state);
}

async function remoteOffer(plant, n) {
  const state = await plant.sandbox("GET", "/state");
  return state.offers[ACCOUNT.username].find((offer) => offer.part_number === sku(n));
}

/** Starts a sync from the account's page and watches the run's own page, which refreshes itself, until it is over. */
async function sync(page, accountPath, what) {
  await page.goto(accountPath);
  const start = page.locator(`form[action="${accountPath}/sync/${what}"] button`);
  await Promise.all([page.waitForURL(/\/emag\/sync\/\d+/), start.click()]);
  await page.waitForSelector("#run progress");
  await page.waitForSelector("#run h1 .badge.is-good", { timeout: 60_000 });
}

/** Connecting begins a first sync by itself; another one starts when it is over. */
async function firstSyncIsOver(page, accountPath) {
  await until("the first sync of the account", async () => {
    await page.goto(accountPath);
    const badges = await page.locator("#runs tbody tr .badge").evaluateAll((all) => all.map((badge) => badge.className));
    return badges.length > 0 && badges.every((name) => name.includes("is-good"));
  }, 60_000);
}

export async function mainJob({ browser, plant, pictures }) {
  const { context, page, seen } = await visitor(browser, plant);
  let accountPath;
  let productPath;
  await openShop(plant);
  await signIn(page, plant);

  await proof("an account is connected through the page, and is read-only", async () => {
    await page.goto("/emag");
    await page.click("a[href='/emag/accounts/new']");
    await page.fill("input[name=name]", "Magazinul călătoriei");
    await page.selectOption("select[name=platform]", "emag-ro");
    await page.selectOption("select[name=kind]", "MAIN");
    await page.fill("input[name=username]", ACCOUNT.username);
    await page.fill("input[name=password]", ACCOUNT.password);
    await page.fill("input[name=base_url]", `${plant.sandboxUrl}/api-3`);
    await Promise.all([page.waitForURL(/\/emag\/accounts\/\d+/), page.click("main form[method=post] button.btn-primary")]);
    accountPath = new URL(page.url()).pathname;
    assert.ok(!(await page.content()).includes(ACCOUNT.password), "the password is not shown again");
  });

  await proof("the offers come in with progress to be seen", async () => {
    await firstSyncIsOver(page, accountPath);
    await sync(page, accountPath, "offers");
    await page.goto(`/products?q=${sku(3)}`);
    const row = page.locator("table tbody tr", { hasText: sku(3) });
    assert.equal(await row.count(), 1);
    await row.locator("a[href^='/products/']").first().click();
    await page.waitForURL(/\/products\/\d+/);
    productPath = new URL(page.url()).pathname;
    await page.waitForSelector(`text=${STOCK}`);
  });

  await proof("an order comes in and its units are reserved and acknowledged once", async () => {
    const answer = await plant.sandbox("POST", "/orders", {
      username: ACCOUNT.username,
      orders: [{ customer: { name: "Elena Călătoru" }, products: [{ product_id: FIRST_ID + 3, quantity: 2 }] }],
    });
    const [id] = answer.ids ?? answer;
    await sync(page, accountPath, "orders");
    await page.goto("/orders?q=Călătoru");
    await page.click("table tbody tr a[href^='/orders/']");
    await page.waitForURL(/\/orders\/\d+/);
    const line = page.locator("table tbody tr", { hasText: sku(3) });
    assert.match(await line.innerText(), /\b2\b/);
    await page.goto(productPath);
    await until("18 available on the product's page", async () => (await page.locator("main").innerText()).match(/\b18\b/));
    const calls = await plant.sandbox("GET", "/calls?since=0");
    const acknowledged = calls.filter((call) => call.path.includes(`order/acknowledge/${id}`) && !call.is_error);
    assert.equal(acknowledged.length, 1);
  });

  await proof("a price typed with VAT is understood, saved in place and shown again after reload", async () => {
    await page.goto(productPath);
    const cell = page.locator(`form[data-edit][action="${productPath}/price"] input[name=value]`);
    await cell.fill("42,50");
    await cell.press("Enter");
    await page.waitForSelector(`form[data-edit][action="${productPath}/price"].is-saved`);
    await page.reload();
    assert.match(await cell.inputValue(), /^42[,.]50$/);
  });

  await proof("nothing leaves before pushing is switched on", async () => {
    assert.equal(Number((await remoteOffer(plant, 3)).sale_price), 29.7521);
  });

  await proof("the preview shows what would be sent, old and new, before the switch", async () => {
    await page.goto(accountPath);
    const row = page.locator("table tbody tr", { hasText: sku(3) });
    await row.waitFor();
    const text = await row.innerText();
    assert.match(text, /36,00|29,7521|29,75/);
    assert.match(text, /42,50|35,12/);
  });

  await proof("switched on, the new price is at the marketplace", async () => {
    await page.click(`form[action="${accountPath}/push"]:has(input[name=enabled][value=true]) button`);
    await page.waitForSelector(`form[action="${accountPath}/push"] input[name=enabled][value=false]`, { state: "attached" });
    await until("the new price in the sandbox", async () => Math.abs(Number((await remoteOffer(plant, 3)).sale_price) - 35.124) < 0.001, 30_000);
    const other = await remoteOffer(plant, 4);
    assert.equal(Number(other.sale_price), 29.7521, "nothing else moved");
  });

  await proof("a price that jumps is held until somebody says yes, and then arrives", async () => {
    await page.goto(`/products?q=${sku(5)}`);
    const cell = page.locator("#products form[action$='/price'] input[name=value]");
    await cell.fill("72");
    await cell.press("Enter");
    await page.waitForSelector("#products form.is-saved");
    await until("the held change", async () => {
      await page.goto("/emag/holds");
      return page.locator("table tbody tr", { hasText: sku(5) }).count();
    }, 30_000);
    none("faults", await look(page, seen, "emag-holds-waiting", { pictures }));
    await page.setViewportSize({ width: 1440, height: 900 });
    assert.equal(Number((await remoteOffer(plant, 5)).sale_price), 29.7521, "nothing was sent yet");
    await page.locator("table tbody tr", { hasText: sku(5) }).locator("form[action$='/approve'] button").click();
    await page.waitForSelector(".flash.is-success");
    await until("the approved price in the sandbox", async () => Math.abs(Number((await remoteOffer(plant, 5)).sale_price) - 59.5041) < 0.001, 30_000);
  });

  await proof("nothing went wrong unseen", async () => none("unseen problems", seen.problems));
  await context.close();
}
