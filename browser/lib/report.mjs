// One line per proof, and a count at the end.
const results = [];

/** Runs one proof; a failure is told and the rest goes on. Returns whether it held. */
export async function proof(name, work) {
  const started = Date.now();
  try {
    await work();
    results.push(true);
    console.log(`  ok    ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    results.push(false);
    console.log(`  FAIL  ${name}\n    ${String(error?.message ?? error).split("\n").slice(0, 30).join("\n    ")}`);
    return false;
  }
}

/** Prints the count; returns the number of failures. */
export function summary() {
  const failed = results.filter((held) => !held).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed;
}
