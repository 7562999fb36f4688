/** What a benchmark in the browser needs: the servers, a Chromium, pages, and what the pages cost. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { chromiumArgs, systemChromium } from "../../scripts/browser.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scripts = {
  "encke.js": join(root, "packages/client/dist/encke.min.js"),
  "stompjs.js": join(root, "node_modules/@stomp/stompjs/bundles/stomp.umd.min.js"),
  "sockjs.js": join(root, "node_modules/sockjs-client/dist/sockjs.min.js"),
  "socket.io.js": join(root, "node_modules/socket.io-client/dist/socket.io.min.js"),
  "page.js": join(root, "bench/lib/page.js"),
  "starts.js": join(root, "bench/lib/starts.js"),
};
/** The scripts of each page. */
const pages = {
  "encke.html": ["encke.js", "starts.js"],
  "stompjs.html": ["stompjs.js"],
  "sockjs.html": ["sockjs.js", "stompjs.js", "starts.js"],
  "socket.io.html": ["socket.io.js", "starts.js"],
  "all.html": ["encke.js", "stompjs.js", "page.js"],
};

export class Stage {
  #folder;
  #server;
  #browser;
  #cdp;
  #calls = 0;

  /** @param limit milliseconds after which a benchmark that got stuck is ended: several times what it takes */
  static async open({ limit = 240_000 } = {}) {
    const stage = new Stage();
    stage.#folder = mkdtempSync(join(tmpdir(), "encke-bench-"));
    process.once("exit", () => rmSync(stage.#folder, { recursive: true, force: true }));
    setTimeout(() => {
      console.error("It takes far too long: a message may have been lost.");
      process.exit(1);
    }, limit).unref();
    for (const [name, path] of Object.entries(scripts)) copyFileSync(path, join(stage.#folder, name));
    for (const [file, names] of Object.entries(pages)) {
      const tags = names.map((name) => `<script src="${name}"></script>`).join("");
      writeFileSync(join(stage.#folder, file), `<!doctype html><link rel="icon" href="data:,">${tags}`);
    }
    // For example --cpu-prof, to see where its time goes.
    const execArgv = process.env.BENCH_SERVER_FLAGS?.split(" ") ?? [];
    stage.#server = fork(join(root, "bench/lib/server.mjs"), [stage.#folder], { execArgv });
    stage.#server.once("exit", (code) => code && process.exit(code));
    const [addresses] = await once(stage.#server, "message");
    stage.#browser = await chromium.launch({ executablePath: systemChromium(), args: chromiumArgs });
    stage.#cdp = await stage.#browser.newBrowserCDPSession();
    return Object.assign(stage, addresses);
  }

  async close() {
    await this.#browser.close();
    this.#server.disconnect();
    await once(this.#server, "exit");
  }

  /** A profile without any connection or memory from before. */
  async profile() {
    const context = await this.#browser.newContext({ bypassCSP: true });
    context.on("weberror", (event) => console.error(event.error()));
    return context;
  }

  /** A page in a profile of its own. */
  async page(url = `${this.url}/all.html`) {
    const context = await this.profile();
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** Tells the servers' process to do something, and gives what it answers. */
  async tell(command, argument) {
    const id = ++this.#calls;
    const answered = new Promise((resolve) => {
      const listen = (message) => {
        if (message.id !== id) return;
        this.#server.off("message", listen);
        resolve(message.result);
      };
      this.#server.on("message", listen);
    });
    this.#server.send({ id, command, argument });
    return answered;
  }

  /** A publisher over STOMP on TCP. It has the frames ready, and hands them over in one write. */
  async publisher() {
    const socket = connect({ port: this.stompPort, host: "127.0.0.1", noDelay: true });
    socket.write("CONNECT\naccept-version:1.2\nhost:x\n\n\0");
    await once(socket, "data");
    return {
      prepare(destination, messages) {
        const frames = messages.map(
          (message) => `SEND\ndestination:${destination}\ncontent-length:${message.length}\n\n${message}\0`,
        );
        const octets = Buffer.from(frames.join(""));
        return () => socket.write(octets);
      },
      close: () => socket.destroy(),
    };
  }

  /** CPU seconds since the start: of all renderer processes together, and of the servers. */
  async cpu() {
    const { processInfo } = await this.#cdp.send("SystemInfo.getProcessInfo");
    const { user, system } = await this.tell("usage");
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return {
      page: renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
      server: (user + system) / 1e6,
    };
  }
}
