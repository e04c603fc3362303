// Every page that can be reached by following links: it answers, everybody can read it, nothing sticks out, nothing is
// left untranslated; and a picture of it is kept for human eyes.
import assert from "node:assert/strict";
import { prefer, signIn, visitor } from "../lib/browser.mjs";
import { accessibility, none, overflow, rawKeys } from "../lib/checks.mjs";
import { proof } from "../lib/report.mjs";
import { SIZES, THEMES, shoot } from "../lib/screens.mjs";

/** Enough for every kind of page several times over. */
const PAGES_MAX = 80;

/** `/orders/12?x=1` and `/orders/13` are the same page with other contents. */
const kind = (pathname) => pathname.replace(/\/\d+(?=\/|$)/g, "/{id}");
const fileName = (pathname) => kind(pathname).replace(/^\/$/, "today").replace(/[{}]/g, "").replace(/^\//, "").replaceAll("/", "-");

/** One address for each kind of page, found as a person finds them. */
async function discover(page) {
  const found = new Map([["/", "/"]]);
  const dead = [];
  for (const [, address] of found) {
    const answer = await page.goto(address);
    if (!answer || answer.status() !== 200) {
      dead.push(`${address}: ${answer?.status()}`);
      continue;
    }
    const links = await page.$$eval("a[href]", (all) => all.filter((a) => !a.hasAttribute("download")).map((a) => a.href));
    for (const link of links) {
      const url = new URL(link);
      if (url.origin !== new URL(page.url()).origin || found.size >= PAGES_MAX) continue;
      if (/^\/(assets|api|metrics|health)(\/|$)/.test(url.pathname)) continue;
      if (!found.has(kind(url.pathname))) found.set(kind(url.pathname), url.pathname + url.search);
    }
  }
  return { found, dead };
}

async function look(page, seen, address, name, locale, pictures) {
  const faults = [];
  const before = seen.problems.length;
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    for (const size of SIZES) {
      await page.setViewportSize({ width: size.width, height: size.height });
      const answer = await page.goto(address, { waitUntil: "load" });
      assert.ok(answer.status() < 500, `${address} answers ${answer.status()}`);
      const at = `${locale} ${theme} ${size.name}`;
      for (const fault of await overflow(page)) faults.push(`${at}: overflow: ${fault}`);
      if (locale === "ro") for (const fault of await accessibility(page)) faults.push(`${at}: ${fault}`);
      if (theme === "light") for (const key of await rawKeys(page)) faults.push(`${at}: untranslated: ${key}`);
      if (pictures) await shoot(page, `${name}_${size.name}_${theme}_${locale}`, size);
    }
  }
  const headings = await page.locator("h1").count();
  if (headings !== 1) faults.push(`${headings} main headings`);
  return [...new Set([...faults, ...seen.problems.slice(before)])];
}

export async function pages({ browser, plant, pictures }) {
  const { context, page, seen } = await visitor(browser, plant);
  await signIn(page, plant);
  let found = new Map();

  await proof("every link leads to a page", async () => {
    const all = await discover(page);
    found = all.found;
    console.log(`        ${found.size} kinds of pages: ${[...found.keys()].join(" ")}`);
    none("dead links", all.dead);
    for (const wanted of ["/orders", "/orders/{id}", "/products", "/products/{id}", "/inventory", "/emag", "/audit", "/users"]) {
      assert.ok(found.has(wanted), `${wanted} is reached by links`);
    }
  });

  for (const locale of ["ro", "en"]) {
    await page.goto("/");
    await prefer(page, { locale });
    for (const [pattern, address] of found) {
      await proof(`${pattern} in ${locale}: readable for everybody, nothing sticks out`, async () => {
        none("faults", await look(page, seen, address, fileName(pattern), locale, pictures));
      });
    }
    seen.expect(/status of 404/);
    await proof(`a page that is not there says so in ${locale}`, async () => {
      none("faults", await look(page, seen, "/orders/999999999", "not-found", locale, pictures));
      assert.equal(await page.getAttribute("html", "lang"), locale);
    });
    const outside = await visitor(browser, plant, { locale: locale === "ro" ? "ro-RO" : "en-GB" });
    await proof(`the sign-in page in ${locale}: readable for everybody, nothing sticks out`, async () => {
      none("faults", await look(outside.page, outside.seen, "/login", "login", locale, pictures));
    });
    await outside.context.close();
  }
  await page.goto("/");
  await prefer(page, { locale: "ro" });
  await context.close();
}
