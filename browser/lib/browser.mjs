// Chromium, and a page that notices what a person would not: console errors, policy violations, failed requests.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch() {
  const executablePath =
    process.env.MAGFLOW_CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  if (!executablePath) throw new Error("Chromium is needed: ./dev test installs it, or name it in MAGFLOW_CHROMIUM");
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

/** A signed-out visitor with a desk-sized screen. */
export async function visitor(browser, plant, options = {}) {
  const context = await browser.newContext({
    baseURL: plant.url,
    viewport: { width: 1440, height: 900 },
    locale: "ro-RO",
    timezoneId: "Europe/Bucharest",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  return { context, page, seen: watch(page, plant) };
}

/** Collects what must not happen. `seen.expect(/…/)` forgives one kind for the rest of the page's life. */
export function watch(page, plant) {
  const seen = { problems: [], forgiven: [] };
  const note = (text) => {
    if (!seen.forgiven.some((pattern) => pattern.test(text))) seen.problems.push(text);
  };
  seen.expect = (pattern) => seen.forgiven.push(pattern);
  page.on("console", (message) => {
    if (message.type() === "error" && !isPicture(message.location().url, plant)) note(`console: ${message.text()} (${new URL(page.url()).pathname})`);
  });
  page.on("pageerror", (error) => note(`script: ${error.message} (${page.url()})`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(plant.url) && !/^(data|blob|about):/.test(url)) {
      // Pictures of articles lie where the marketplace keeps them; no other address is ever asked.
      if (request.resourceType() !== "image") note(`third party: ${url}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 500) note(`${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`);
  });
  page.on("dialog", (dialog) => dialog.accept());
  return seen;
}

/** The demo's pictures have made-up addresses that nobody answers. */
const isPicture = (url, plant) => Boolean(url) && !url.startsWith(plant.url) && /\.(jpe?g|png|webp)$/.test(url);

export async function signIn(page, who) {
  await page.goto("/login");
  await page.fill("input[name=email]", who.email);
  await page.fill("input[name=password]", who.password);
  await Promise.all([page.waitForURL((url) => url.pathname !== "/login"), page.press("input[name=password]", "Enter")]);
}

/** The preferences of the user menu, saved as the menu saves them. */
export async function prefer(page, wishes) {
  const csrf = await page.locator("meta[name=csrf]").getAttribute("content");
  const answer = await page.request.post("/preferences", { form: { csrf, back: "/", ...wishes }, maxRedirects: 0 });
  if (answer.status() !== 303) throw new Error(`preferences were not saved: ${answer.status()}`);
}
