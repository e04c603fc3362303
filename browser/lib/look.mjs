// Looking at one page in both themes and at both sizes: what must hold everywhere, and pictures for human eyes.
import { accessibility, overBudget, overflow, rawKeys } from "./checks.mjs";
import { SIZES, THEMES, shoot } from "./screens.mjs";

/** Faults of the page as it stands, one line each. The page is loaded once; theme and size only change its dress. */
export async function look(page, seen, name, { pictures, thorough = true }) {
  const faults = [];
  const before = seen.problems.length;
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const size of SIZES) {
      await page.setViewportSize({ width: size.width, height: size.height });
      const at = `${theme} ${size.name}`;
      for (const fault of await overflow(page)) faults.push(`${at}: overflow: ${fault}`);
      // Each theme once and each size once: colours do not depend on the size, nor the structure on the theme.
      if (thorough && (theme === "dark") === (size.name === "1920")) for (const fault of await accessibility(page)) faults.push(`${at}: ${fault}`);
      if (pictures) await shoot(page, `${name}_${size.name}_${theme}_${await page.getAttribute("html", "lang")}`, size);
    }
  }
  for (const key of await rawKeys(page)) faults.push(`untranslated: ${key}`);
  if (thorough) faults.push(...(await overBudget(page)));
  const headings = await page.locator("h1").count();
  if (headings !== 1) faults.push(`${headings} main headings`);
  return [...new Set([...faults, ...seen.problems.slice(before)])];
}
