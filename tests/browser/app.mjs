// The generated app as a process: started, asked for its first owner, started anew under another clock, ended.

import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";

const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const FAKETIME_ELSEWHERE = FAKETIME.replace("x86_64", "aarch64");
const READY_WITHIN = 60_000;

export class App {
  constructor(binary, folder) {
    this.binary = binary;
    this.folder = folder;
  }

  /// The clock of the app, moved back by days where records are to be older than the test.
  environment(daysAgo) {
    const environment = { ...process.env, DATA_DIR: this.folder, LISTEN: `127.0.0.1:${this.port}` };
    if (daysAgo === 0) return environment;
    const library = [FAKETIME, FAKETIME_ELSEWHERE].find(existsSync);
    if (!library) throw new Error("records that are some days old need the package faketime");
    // The audit log of today must come after that of then, so the clock moves, and does not stand still.
    return { ...environment, LD_PRELOAD: library, FAKETIME: `-${daysAgo}d`, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
  }

  async start(daysAgo) {
    this.origin = `http://127.0.0.1:${this.port}`;
    this.daysAgo = daysAgo;
    this.output = "";
    this.process = spawn(this.binary, ["serve"], { env: this.environment(daysAgo), stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on("data", (data) => (this.output = (this.output + data).slice(-20_000)));
    }
    await this.answering();
  }

  async answering() {
    const until = Date.now() + READY_WITHIN;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the app ended: ${this.output}`);
      const answer = await fetch(`${this.origin}/sign-in`).catch(() => undefined);
      if (answer?.ok) return;
      if (Date.now() > until) throw new Error(`the app does not answer: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /// The first person of an organisation: the path of a one-time link.
  async owner(email, role, place) {
    await this.end();
    const given = ["create-owner", "--email", email, "--organisation", "Example Clinic", "--role", role];
    if (place) given.push("--place", place);
    const link = execFileSync(this.binary, given, { env: this.environment(this.daysAgo), stdio: ["ignore", "pipe", "pipe"] });
    await this.start(this.daysAgo);
    return new URL(link.toString().trim()).pathname;
  }

  /// Tables for a new app, then the app.
  async prepare(daysAgo) {
    this.port = await freePort();
    execFileSync(this.binary, ["migrate"], { env: this.environment(daysAgo), stdio: ["ignore", "pipe", "pipe"] });
    await this.start(daysAgo);
  }

  async end() {
    if (!this.process || this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }

  /// What its clock says, in milliseconds.
  get now() {
    return Date.now() - this.daysAgo * 86_400_000;
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
