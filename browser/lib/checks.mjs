// What must hold on every page: readable for everybody, nothing sticks out, nothing breaks unseen.
import { createRequire } from "node:module";
import axe from "axe-core";

const GRAVE = ["serious", "critical"];
// What WCAG 2.2 AA asks, and the good habits that axe knows.
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const axeVersion = createRequire(import.meta.url)("axe-core/package.json").version;

/** Grave accessibility faults, one line each. */
export async function accessibility(page) {
  // Through the debugger, which the page's content policy does not bind.
  await page.evaluate(axe.source);
  const result = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
  return result.violations
    .filter((violation) => GRAVE.includes(violation.impact))
    .map((violation) => {
      const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${reason(node)}`);
      return `${violation.id} (${violation.impact}, ${violation.nodes.length}×): ${where.join(" | ")}`;
    });
}

function reason(node) {
  const data = [...node.any, ...node.all, ...node.none].find((check) => check.data?.contrastRatio)?.data;
  return data ? `[${data.fgColor} on ${data.bgColor} is ${data.contrastRatio}:1]` : "";
}

/** What sticks out to the right of the window; empty when nothing does. */
export function overflow(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((el) => {
      const box = el.getBoundingClientRect();
      if (box.right <= width + 1 || box.width === 0) return false;
      // Inside something that scrolls by itself it does not widen the page.
      for (let up = el.parentElement; up && up !== document.body; up = up.parentElement) {
        if (getComputedStyle(up).overflowX !== "visible") return false;
      }
      return true;
    });
    const name = (el) => `${el.tagName.toLowerCase()}${el.id ? `#${el.id}` : ""}${[...el.classList].map((c) => `.${c}`).join("")}`;
    return [`${document.documentElement.scrollWidth} px wide on ${width}`, ...wide.slice(0, 4).map(name)];
  });
}

/** What the budgets of a page allow, in bytes; scripts are counted as they travel. */
const BUDGETS = { html: 60_000, css: 40_000, scripts: 80_000 };

/** What is larger than its budget. */
export async function overBudget(page) {
  const weighed = await page.evaluate(async () => {
    const size = async (address) => (await (await fetch(address)).arrayBuffer()).byteLength;
    const packed = async (address) => {
      const stream = (await fetch(address)).body.pipeThrough(new CompressionStream("gzip"));
      return (await new Response(stream).arrayBuffer()).byteLength;
    };
    const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
    const list = (selector, name) => [...document.querySelectorAll(selector)].map((el) => el[name]);
    return {
      html: await packed(location.href),
      css: sum(await Promise.all(list("link[rel=stylesheet]", "href").map(size))),
      scripts: sum(await Promise.all(list("script[src]", "src").map(packed))),
    };
  });
  return Object.entries(BUDGETS)
    .filter(([part, most]) => weighed[part] > most)
    .map(([part, most]) => `${part}: ${weighed[part]} bytes, ${most} are allowed`);
}

/** Words that no one translated: a key shown as it is. */
export function rawKeys(page) {
  return page.evaluate(() => {
    const text = document.body.innerText;
    const found = text.match(/(?<![\w@/.-])(?:ui|nav|today|search|orders|order|catalog|products|inventory|stock|emag|identity|users|audit|system|setup|server)-[a-z]+(?:-[a-z0-9]+)+(?![\w@/.-])/g);
    return [...new Set(found ?? [])];
  });
}

/** Fails with one message that names everything. */
export function none(what, found) {
  if (found.length > 0) throw new Error(`${what}:\n      ${found.join("\n      ")}`);
}
