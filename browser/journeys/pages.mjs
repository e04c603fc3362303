// Every page that can be reached by following links: it answers, everybody can read it, nothing sticks out, nothing is
// left untranslated; and a picture of it is kept for human eyes.
import assert from "node:assert/strict";
import { prefer, signIn, visitor } from "../lib/browser.mjs";
import { none } from "../lib/checks.mjs";
import { look } from "../lib/look.mjs";
import { proof } from "../lib/report.mjs";

/** Enough for every kind of page several times over. */
const PAGES_MAX = 80;
/** A list of fifty rows has a link in each; of one page these are tried, the rest looks the same. */
const LINKS_MAX = 600;

/** `/orders/12?x=1` and `/orders/13` are the same page with other contents. */
const kind = (pathname) => pathname.replace(/\/\d+(?=\/|$)/g, "/{id}");
const fileName = (pathname) => kind(pathname).replace(/^\/$/, "today").replace(/[{}]/g, "").replace(/^\//, "").replaceAll("/", "-");

/** One address for each kind of page, found as a person finds them, and every link seen on the way. */
async function discover(page) {
  const found = new Map([["/", "/"]]);
  const links = new Set();
  const dead = [];
  for (const [, address] of found) {
    const answer = await page.goto(address);
    if (!answer || answer.status() !== 200) {
      dead.push(`${address}: ${answer?.status()}`);
      continue;
    }
    // Another address of a page that has its own.
    if (kind(new URL(page.url()).pathname) !== kind(address.split("?")[0])) {
      found.delete(kind(address.split("?")[0]));
      continue;
    }
    // Parts of a page that are fetched after it have links of their own.
    await page.waitForFunction(() => !document.querySelector("[hx-trigger='load'], .htmx-request"));
    for (const link of await page.$$eval("a[href]", (all) => all.map((a) => a.href))) {
      const url = new URL(link);
      if (url.origin !== new URL(page.url()).origin) continue;
      const target = url.pathname + url.search;
      links.add(target);
      if (found.size >= PAGES_MAX || /^\/(assets|api\/v1|metrics|health)(\/|$)/.test(url.pathname)) continue;
      if (!found.has(kind(url.pathname))) found.set(kind(url.pathname), target);
    }
  }
  return { found, links: [...links].slice(0, LINKS_MAX), dead };
}

async function answers(page, links) {
  const dead = [];
  for (const link of links) {
    const answer = await page.request.get(link, { maxRedirects: 3 });
    if (!answer.ok()) dead.push(`${link}: ${answer.status()}`);
  }
  return dead;
}

async function lookAt(page, seen, address, name, options) {
  const answer = await page.goto(address, { waitUntil: "load" });
  assert.ok(answer.status() < 500, `${address} answers ${answer.status()}`);
  none("faults", await look(page, seen, name, options));
}

export async function pages({ browser, plant, pictures }) {
  const { context, page, seen } = await visitor(browser, plant);
  await signIn(page, plant);
  let all = { found: new Map(), links: [] };

  await proof("every page is reached by links", async () => {
    all = await discover(page);
    console.log(`        ${all.found.size} kinds of pages: ${[...all.found.keys()].join(" ")}`);
    none("dead links", all.dead);
    for (const wanted of ["/orders", "/orders/{id}", "/products", "/products/{id}", "/inventory", "/emag", "/audit", "/users", "/api/docs"]) {
      assert.ok(all.found.has(wanted), `${wanted} is reached by links`);
    }
  });
  await proof("every visible link answers", async () => {
    console.log(`        ${all.links.length} links`);
    none("dead links", await answers(page, all.links));
  });

  all.found.set("/search", "/search?q=lampa");
  for (const locale of ["ro", "en"]) {
    await page.goto("/");
    await prefer(page, { locale });
    const options = { pictures, thorough: locale === "ro" };
    for (const [pattern, address] of all.found) {
      await proof(`${pattern} in ${locale}: readable for everybody, nothing sticks out`, () =>
        lookAt(page, seen, address, fileName(pattern), options));
    }
    seen.expect(/status of 404/);
    await proof(`a page that is not there says so in ${locale}`, async () => {
      await lookAt(page, seen, "/orders/999999999", "not-found", options);
      assert.equal(await page.getAttribute("html", "lang"), locale);
    });
    const outside = await visitor(browser, plant, { locale: locale === "ro" ? "ro-RO" : "en-GB" });
    await proof(`the sign-in page in ${locale}: readable for everybody, nothing sticks out`, () =>
      lookAt(outside.page, outside.seen, "/login", "login", options));
    await outside.context.close();
  }
  await page.goto("/");
  await prefer(page, { locale: "ro" });
  await context.close();
}
