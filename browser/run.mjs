// The journeys of a person through MagFlow, in a real browser, over a demo company started for the purpose.
//
//   node run.mjs [--only NAME] [--no-pictures]
//
// MAGFLOW_BIN names the program, MAGFLOW_CHROMIUM the browser. Ends with "N passed, N failed"; not zero on failure.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "./lib/browser.mjs";
import { Plant } from "./lib/plant.mjs";
import { proof, summary } from "./lib/report.mjs";
import { FOLDER, contactSheet, emptyFolder } from "./lib/screens.mjs";
import { door } from "./journeys/door.mjs";
import { keyboard } from "./journeys/keyboard.mjs";
import { live } from "./journeys/live.mjs";
import { mainJob } from "./journeys/main-job.mjs";
import { pages } from "./journeys/pages.mjs";
import { plain } from "./journeys/plain.mjs";
import { rights } from "./journeys/rights.mjs";
import { setup } from "./journeys/setup.mjs";

const JOURNEYS = { setup, door, keyboard, "main-job": mainJob, live, plain, rights, pages };

const options = process.argv.slice(2);
const only = options.includes("--only") ? options[options.indexOf("--only") + 1] : undefined;
const pictures = !options.includes("--no-pictures");
if (only !== undefined && !JOURNEYS[only]) {
  console.error(`--only takes one of: ${Object.keys(JOURNEYS).join(", ")}`);
  process.exit(2);
}
const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR || path.join(here, "../target");
const binary = path.resolve(process.env.MAGFLOW_BIN || path.join(target, "debug/magflow"));
if (!existsSync(binary)) {
  console.error(`${binary} is not there: cargo build --bin magflow, or name it in MAGFLOW_BIN`);
  process.exit(2);
}

// All that was started: the demo here, others by the journeys that need an empty database.
const plants = [];
const start = async (kind, name, more) => {
  const plant = await Plant[kind](binary, path.join(FOLDER, `${name}.log`), more);
  plants.push(plant);
  return plant;
};
const stopAll = () => Promise.all(plants.map((plant) => plant.stop()));
let browser;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, async () => {
    await browser?.close();
    await stopAll();
    process.exit(130);
  });
}
// Even when something here breaks badly, nothing started by us stays behind.
process.on("exit", () => plants.forEach((plant) => plant.kill()));

try {
  await emptyFolder();
  const plant = await start("demo", "demo");
  if (await proof("the demo starts and says where it is", () => plant.ready())) {
    browser = await launch();
    for (const [name, journey] of Object.entries(JOURNEYS)) {
      if (only !== undefined && name !== only) continue;
      console.log(name);
      await journey({ browser, plant, pictures, start });
    }
    if (pictures) await contactSheet(browser);
  }
} catch (error) {
  await proof("the journeys run to their end", () => {
    throw error;
  });
} finally {
  await browser?.close();
  await stopAll();
}
if (pictures) console.log(`pictures of every page: ${path.relative(process.cwd(), FOLDER)}/contact-sheet.html`);
// At once: a timer that nobody waits for any more would hold the process.
process.exit(summary() > 0 ? 1 : 0);
