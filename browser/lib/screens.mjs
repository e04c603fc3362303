// Pictures of every page for human eyes, and one sheet with all of them.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const FOLDER = fileURLToPath(new URL("../screenshots/", import.meta.url));
export const SIZES = [
  { name: "390", width: 390, height: 844 },
  { name: "1920", width: 1920, height: 1080 },
];
export const THEMES = ["light", "dark"];
/** A list of fifty rows on a phone is long; the rest of it looks the same. */
const HEIGHT_MAX = 2600;

export async function emptyFolder() {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
}

/** The window is made as high as the page, so that bars stand where a person sees them: at its edges. */
export async function shoot(page, name, size) {
  // Messages of earlier steps go by themselves; a picture shows the page.
  await page.evaluate(() => document.querySelectorAll(".toasts > *").forEach((toast) => toast.remove()));
  await page.setViewportSize({ width: size.width, height: size.height });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: size.width, height: Math.min(Math.max(height, size.height), HEIGHT_MAX) });
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), animations: "disabled" });
}

/** `contact-sheet.html` for looking closer and `contact-sheet-….png` for looking at once. */
export async function contactSheet(browser) {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".png") && !file.startsWith("contact-sheet")).sort();
  const sheet = (wanted, width) => {
    const cells = files
      .filter((file) => wanted.every((part) => file.includes(`_${part}`)))
      .map((file) => `<figure><a href="${file}"><img src="${file}" width="${width}"></a><figcaption>${file}</figcaption></figure>`);
    return `<!doctype html><meta charset="utf-8"><title>MagFlow pages</title><style>
      body{font:12px sans-serif;display:flex;flex-wrap:wrap;gap:12px;margin:12px;background:#888;align-items:flex-start}
      figure{margin:0;background:#fff;padding:4px}img{display:block;max-height:${Math.round(width * 1.9)}px;object-fit:cover;object-position:top}
      figcaption{padding:4px;max-width:${width}px;overflow-wrap:anywhere}</style>${cells.join("\n")}`;
  };
  await writeFile(path.join(FOLDER, "contact-sheet.html"), sheet([], 320));
  for (const [size, width] of [["390", 200], ["1920", 460]]) {
    for (const theme of THEMES) {
      const file = path.join(FOLDER, `contact-sheet-${size}-${theme}.html`);
      await writeFile(file, sheet([size, theme, "ro"], width));
      const page = await browser.newPage({ viewport: { width: 1920, height: 1000 } });
      await page.goto(pathToFileURL(file).href);
      await page.screenshot({ path: file.replace(/html$/, "png"), fullPage: true });
      await page.close();
    }
  }
}
