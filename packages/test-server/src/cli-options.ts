import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { defaultLimits, type Limits } from "./limits.ts";
import { parseRelayUrl } from "./relay/relay-url.ts";
import { relayForm, type ServerOptions } from "./server.ts";

/** What `--help` prints. */
export const usage = `encke-server: sessions that resume, a STOMP broker behind them, and a demo

  encke-server [options]

  --port N            HTTP port; 0 picks a free one (default 8000)
  --host HOST         address to listen at (default 127.0.0.1)
  --stomp-port N      also listen for STOMP over TCP; 0 picks a free port
  --relay URL         a real broker in place of the embedded one: stomp://login:passcode@host:61613/virtual-host
  --publish-token T   POST /publish/... takes only requests with "Authorization: Bearer T"
  --proxy URL         for development: hand what is not encke's to the app's own server
  --origin URL        an origin whose pages may use the server beside its own; may be repeated
  --static DIR        serve this folder at / instead of the demo
  --resume-window N   seconds that a session without a connection is kept (default 60)
  --config FILE       a JSON file with these options: port, host, stompPort, relay, publishToken, proxy, origins, staticDirectory, resumeWindow, limits
  --help              this text

SIGTERM and SIGINT end it in order: sessions get what they have coming and are told to come back later.
`;

/** A mistake in how the command was called: said in one line, without a stack. */
export class UsageError extends Error {}

/** What a value must be, in words, and whether one is. */
type Form = readonly [words: string, isOfForm: (value: unknown) => boolean];

const whole = (max: number, min = 0): Form => [
  `a whole number from ${min} to ${max}`,
  (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
];
const text: Form = ["a text", (value) => typeof value === "string" && value !== ""];

const forms: Record<Exclude<keyof ServerOptions, "limits">, Form> = {
  port: whole(65_535),
  host: text,
  stompPort: whole(65_535),
  origins: [
    "origins such as https://example.org, without a path",
    (value) => Array.isArray(value) && value.every(isOrigin),
  ],
  staticDirectory: [
    "a folder that is there",
    (value) => typeof value === "string" && !!statSync(value, { throwIfNoEntry: false })?.isDirectory(),
  ],
  relay: [relayForm, (value) => typeof value === "string" && parseRelayUrl(value) !== undefined],
  publishToken: text,
  proxy: [
    "an http(s) URL such as http://127.0.0.1:3000",
    (value) => typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value),
  ],
  resumeWindow: whole(86_400),
};
/** Octets, counts, or milliseconds, of which a timer takes no more. */
const limit = whole(2 ** 31 - 1, 1);

function isOrigin(value: unknown): boolean {
  try {
    return new URL(value as string).origin === value;
  } catch {
    return false;
  }
}

function check(name: string, [words, isOfForm]: Form, value: unknown): void {
  if (!isOfForm(value)) throw new UsageError(`${name} takes ${words}`);
}

/** The object with no other keys than these. */
function checkKeys(name: string, value: unknown, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${name} takes a JSON object`);
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown) throw new UsageError(`${name}: unknown option ${unknown}; there are ${keys.join(", ")}`);
  return value as Record<string, unknown>;
}

function readConfig(file: string): ServerOptions {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--config: ${(error as Error).message}`);
  }
  const { limits = {}, ...config } = checkKeys("--config", json, [...Object.keys(forms), "limits"]);
  for (const [key, value] of Object.entries(config)) {
    check(`--config: ${key}`, forms[key as keyof typeof forms], value);
  }
  for (const [key, value] of Object.entries(checkKeys("--config: limits", limits, Object.keys(defaultLimits)))) {
    check(`--config: limits.${key}`, limit, value);
  }
  return { ...config, limits: limits as Partial<Limits> };
}

/**
 * What the command was asked for; undefined: its usage.
 *
 * @param args what follows the command
 * @throws {UsageError}
 */
export function readOptions(args: string[]): ServerOptions | undefined {
  let values: ReturnType<typeof parse>["values"];
  try {
    values = parse(args).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return undefined;
  // What is no number is refused below, with the words of its form.
  const number = (value: string | undefined) => (value && /^\d+$/.test(value) ? Number(value) : value);
  const given = {
    port: ["--port", number(values.port)],
    host: ["--host", values.host],
    stompPort: ["--stomp-port", number(values["stomp-port"])],
    relay: ["--relay", values.relay],
    publishToken: ["--publish-token", values["publish-token"]],
    proxy: ["--proxy", values.proxy],
    origins: ["--origin", values.origin],
    staticDirectory: ["--static", values.static],
    resumeWindow: ["--resume-window", number(values["resume-window"])],
  } as const;
  const options = values.config === undefined ? {} : readConfig(values.config);
  for (const [key, [name, value]] of Object.entries(given)) {
    if (value === undefined) continue;
    check(name, forms[key as keyof typeof forms], value);
    Object.assign(options, { [key]: value });
  }
  return options;
}

function parse(args: string[]) {
  return parseArgs({
    args,
    options: {
      port: { type: "string" },
      host: { type: "string" },
      "stomp-port": { type: "string" },
      relay: { type: "string" },
      "publish-token": { type: "string" },
      proxy: { type: "string" },
      origin: { type: "string", multiple: true },
      static: { type: "string" },
      "resume-window": { type: "string" },
      config: { type: "string" },
      help: { type: "boolean" },
    },
  });
}
