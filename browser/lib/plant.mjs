// A MagFlow of one's own: started for the journeys, stopped and removed after them.
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

/** A first start makes a database cluster and reads 600 offers. */
const READY_WITHIN_MS = 240_000;
const STOP_WITHIN_MS = 30_000;

export class Plant {
  /** Starts the demo company; `ready` tells when it can be used. */
  static demo(binary, logFile) {
    return Plant.spawn(binary, ["demo", "--json", "--port", "0"], logFile);
  }

  /** Starts the program on an empty database, as on the first day. Without jobs nothing calls a marketplace. */
  static fresh(binary, logFile, { jobs = true } = {}) {
    return Plant.spawn(binary, ["serve", "--json", "--listen", "127.0.0.1:0", ...(jobs ? [] : ["--no-jobs"])], logFile);
  }

  static async spawn(binary, command, logFile) {
    const dataDir = await mkdtemp(path.join(tmpdir(), "magflow-journeys-"));
    // PostgreSQL runs as a service user when we are root, and must be able to enter.
    await chmod(dataDir, 0o755);
    const args = [...command, "--data-dir", dataDir];
    const env = { ...process.env };
    for (const name of ["DATABASE_URL", "REDIS_URL", "EMAG_API_KEY", "SECRET_KEY"]) delete env[name];
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env });
    const plant = new Plant(child, dataDir);
    plant.log = createWriteStream(logFile);
    child.stderr.pipe(plant.log);
    return plant;
  }

  constructor(child, dataDir) {
    this.child = child;
    this.dataDir = dataDir;
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("exit", (code, signal) => resolve(`ended with ${signal ?? code}`));
    });
  }

  /** Waits for the line that the program prints when it is ready, and takes the addresses from it. */
  async ready() {
    const lines = readline.createInterface({ input: this.child.stdout });
    const line = new Promise((resolve) => {
      lines.on("line", (text) => {
        try {
          const told = JSON.parse(text);
          if (told.url) resolve({ url: told.url, email: told.email, password: told.password, sandboxUrl: told.sandbox_url });
        } catch {
          // Not the line we wait for.
        }
      });
    });
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(`was not ready within ${READY_WITHIN_MS / 1000} s`), READY_WITHIN_MS);
    });
    const first = await Promise.race([line, this.ended, late]);
    clearTimeout(timer);
    if (typeof first === "string") throw new Error(`MagFlow ${first}; its log: ${this.log.path}`);
    Object.assign(this, first);
  }

  /** Ends exactly what was started, by its process id, whatever state it is in. */
  async stop() {
    if (this.stopped) return;
    this.stopped = true;
    const gone = () => this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
    if (!gone()) {
      this.child.kill("SIGINT");
      await Promise.race([this.ended, pause(STOP_WITHIN_MS)]);
    }
    if (!gone()) {
      console.error("MagFlow did not stop by itself and was killed");
      this.child.kill("SIGKILL");
      await this.ended;
      await this.stopDatabase();
    }
    this.log?.end();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The last resort, for process exit: no waiting. */
  kill() {
    if (this.child.exitCode === null && this.child.pid !== undefined) this.child.kill("SIGINT");
  }

  /** A killed program leaves its database running; the pid is the first line of postmaster.pid. */
  async stopDatabase() {
    for (const entry of await readdir(this.dataDir, { recursive: true })) {
      if (path.basename(entry) !== "postmaster.pid") continue;
      const pid = Number((await readFile(path.join(this.dataDir, entry), "utf8")).split("\n")[0]);
      if (pid > 1) {
        try {
          process.kill(pid, "SIGQUIT");
          await pause(2000);
        } catch {
          // It went by itself.
        }
      }
    }
  }

  /** Calls the sandbox's control interface. */
  async sandbox(method, route, body) {
    const answer = await fetch(`${this.sandboxUrl}/_sandbox${route}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`sandbox ${method} ${route}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  }
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again until the answer is truthy; tells what it waited for. */
export async function until(what, ask, withinMs = 20_000) {
  const end = Date.now() + withinMs;
  let problem;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) throw new Error(`waited ${withinMs / 1000} s for ${what}${problem ? `: ${problem.message}` : ""}`);
    await pause(150);
  }
}
