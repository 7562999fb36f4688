/**
 * Frames per second through the STOMP codec, side by side with the parser and the serializer of @stomp/stompjs and, where it is installed,
 * webstomp-client. Every row checks what came out before it is timed, and reports the median of interleaved rounds.
 *
 *     node bench/codec.mjs [--json] [--rounds N]
 *
 * WEBSTOMP_DIR names an installation of webstomp-client elsewhere than in node_modules.
 */
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const rounds = Number(option("--rounds") ?? 7);
const ROUND_MS = 150;

const encke = await bundle(`
  export * from "./packages/client/src/stomp/encode.ts";
  export * from "./packages/client/src/stomp/decode.ts";`);
const stompjs = await bundle(`
  export { Parser } from "./node_modules/@stomp/stompjs/esm6/parser.js";
  export { FrameImpl } from "./node_modules/@stomp/stompjs/esm6/frame-impl.js";`);
const webstomp = await bundleWebstomp();

const headers = {
  destination: "/topic/prices.eu.xetra",
  subscription: "sub-0",
  "message-id": "T_sub-0@@session-Qz7bW2kCz0@@184223",
  "content-type": "application/json",
  redelivered: "false",
};
const text100 =
  `${JSON.stringify({ symbol: "SAP", bid: 121.52, ask: 121.54, at: 1794300000123, note: "x".repeat(30) })}`.slice(
    0,
    100,
  );
const binary1M = new Uint8Array(1 << 20).map((_, i) => (i * 31) & 255);
const text16K = "0123456789abcdef".repeat(1024);

const textFrame = received(encke.encodeFrame("MESSAGE", headers, text100, "1.2"));
const textFrameWithoutLength = received(textFrame.replace(/content-length:\d+\n/, ""));
const binaryFrame = encke.encodeFrame("MESSAGE", headers, binary1M, "1.2");
const smallBinaryFrame = encke.encodeFrame("MESSAGE", headers, new TextEncoder().encode(text100), "1.2");
const chunkedFrame = slices(received(encke.encodeFrame("MESSAGE", headers, text16K, "1.2")), 128);
const chunkedBinaryFrame = slices(encke.encodeFrame("MESSAGE", headers, new TextEncoder().encode(text16K), "1.2"), 128);
const batch = received(textFrame.repeat(100));

const rows = [
  parsing("parse text, 100 B body", [textFrame], 1, text100),
  parsing("parse text, 100 B body, no content-length", [textFrameWithoutLength], 1, text100),
  parsing("parse text, 100 frames in a chunk", [batch], 100, text100),
  parsing("parse binary, 100 B body", [smallBinaryFrame], 1, text100),
  parsing("parse binary, 1 MiB body", [binaryFrame], 1, binary1M),
  parsing("parse text, 16 KiB in 128 B chunks", chunkedFrame, 1, text16K),
  parsing("parse binary, 16 KiB in 128 B chunks", chunkedBinaryFrame, 1, text16K),
  serializing("serialize text, 100 B body", text100),
  serializing("serialize text, 16 KiB body", text16K),
  serializing("serialize binary, 1 MiB body", binary1M),
];

const results = rows.map(({ name, perCall, runs }) => {
  const rates = Object.fromEntries(Object.keys(runs).map((who) => [who, []]));
  for (let round = 0; round < rounds; round++) {
    // Interleaved, so that a noisy second hits everyone.
    for (const [who, run] of Object.entries(runs)) rates[who].push(rate(run) * perCall);
  }
  // The first round warms up.
  const perSecond = Object.fromEntries(Object.entries(rates).map(([who, all]) => [who, median(all.slice(1))]));
  const best = Math.max(0, ...Object.entries(perSecond).map(([who, n]) => (who === "encke" ? 0 : n)));
  return { name, perSecond, ratio: perSecond.encke / best };
});

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(results, null, 2));
} else {
  const peers = ["encke", "stompjs", ...(webstomp ? ["webstomp"] : [])];
  console.log(["frames/s".padEnd(44), ...peers.map((who) => who.padStart(12)), "best peer ×".padStart(13)].join(""));
  for (const { name, perSecond, ratio } of results) {
    const cells = peers.map((who) =>
      (perSecond[who] ? Math.round(perSecond[who]).toLocaleString("en") : "–").padStart(12),
    );
    console.log([name.padEnd(44), ...cells, ratio.toFixed(1).padStart(13)].join(""));
  }
  if (!webstomp) console.log("webstomp-client is not installed: its column is left out.");
}

/** The whole receive path: from chunks to a frame whose headers are a record, unescaped, and whose body is text or bytes as it was sent. */
function parsing(name, chunks, perCall, body) {
  const isText = typeof chunks[0] === "string";
  let seen = {};
  const decoder = new encke.FrameDecoder((frame) => {
    seen = frame;
  });
  const parser = new stompjs.Parser(
    (raw) => {
      const frame = stompjs.FrameImpl.fromRawFrame(raw, true);
      // Its text bodies are decoded on demand; an application that gets text reads it.
      seen = { headers: frame.headers, body: isText ? frame.body : frame.binaryBody };
    },
    () => {},
  );
  const buffers = isText ? chunks : chunks.map((chunk) => chunk.slice().buffer);
  const runs = {
    encke: () => {
      for (const chunk of chunks) decoder.feed(chunk);
    },
    stompjs: () => {
      for (const chunk of buffers) parser.parseChunk(chunk);
    },
  };
  if (webstomp && isText) {
    let partial = "";
    runs.webstomp = () => {
      for (const chunk of chunks) {
        const out = webstomp.unmarshall(partial + chunk);
        partial = out.partial;
        for (const frame of out.frames) seen = frame;
      }
    };
  }
  for (const [who, run] of Object.entries(runs)) {
    seen = {};
    run();
    const got = typeof seen.body === "string" ? seen.body : new TextDecoder("latin1").decode(seen.body);
    const want = typeof body === "string" ? body : new TextDecoder("latin1").decode(body);
    if (got !== want || seen.headers.subscription !== "sub-0") throw new Error(`${who} did not decode "${name}"`);
  }
  return { name, perCall, runs };
}

function serializing(name, body) {
  const runs = {
    encke: () => encke.encodeFrame("SEND", headers, body, "1.2"),
    stompjs: () => {
      const content = typeof body === "string" ? { body } : { binaryBody: body };
      return stompjs.FrameImpl.marshall({
        command: "SEND",
        headers,
        escapeHeaderValues: true,
        skipContentLengthHeader: false,
        ...content,
      });
    },
  };
  if (webstomp && typeof body === "string") runs.webstomp = () => webstomp.marshall("SEND", headers, body);
  for (const [who, run] of Object.entries(runs)) {
    const size = run().length ?? run().byteLength;
    if (size < body.length + 100) throw new Error(`${who} did not encode "${name}"`);
  }
  return { name, perCall: 1, runs };
}

/** Calls per second. */
function rate(run) {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  for (let step = 1; elapsed < ROUND_MS; step = Math.min(step * 2, 1024)) {
    for (let i = 0; i < step; i++) run();
    calls += step;
    elapsed = performance.now() - start;
  }
  return (calls * 1000) / elapsed;
}

/** The same text as one flat string, as a socket delivers it: the engine keeps text made by concatenation in pieces until it is read. */
function received(text) {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

function slices(whole, size) {
  const parts = [];
  for (let at = 0; at < whole.length; at += size) parts.push(whole.slice(at, at + size));
  return parts;
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

async function bundleWebstomp() {
  const file = `${process.env.WEBSTOMP_DIR ?? `${root}node_modules/webstomp-client`}/src/frame.js`;
  if (!existsSync(file)) return undefined;
  return (await bundle(`export { default } from ${JSON.stringify(pathToFileURL(file).pathname)};`)).default;
}
