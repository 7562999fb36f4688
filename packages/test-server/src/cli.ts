import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createServer, type ServerOptions } from "./server.ts";

const usage = `encke-server: sessions that resume, a STOMP broker behind them, and a demo

  encke-server [options]

  --port N            HTTP port; 0 picks a free one (default 8000)
  --host HOST         address to listen at (default 127.0.0.1)
  --stomp-port N      also listen for STOMP over TCP; 0 picks a free port
  --origin URL        an origin whose pages may use the server beside its own; may be repeated
  --static DIR        serve this folder at / instead of the demo
  --resume-window N   seconds that a session without a connection is kept (default 60)
  --config FILE       a JSON file with these options: port, host, stompPort, origins, staticDirectory, resumeWindow, limits
  --help              this text

SIGTERM and SIGINT end it in order: sessions get what they have coming and are told to come back later.
`;

/** A mistake in how the command was called: said in one line, without a stack. */
class UsageError extends Error {}

function whole(name: string, value: string | undefined, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > max) {
    throw new UsageError(`--${name} takes a whole number from 0 to ${max}`);
  }
  return number;
}

function checkOrigin(value: string): string {
  try {
    if (new URL(value).origin === value) return value;
  } catch {}
  throw new UsageError("--origin takes an origin such as https://example.org, without a path");
}

const configKeys = ["port", "host", "stompPort", "origins", "staticDirectory", "resumeWindow", "limits"];

function readConfig(file: string): ServerOptions {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--config: ${(error as Error).message}`);
  }
  if (typeof config !== "object" || config === null) throw new UsageError("--config: the file must hold a JSON object");
  const unknown = Object.keys(config).find((key) => !configKeys.includes(key));
  if (unknown) throw new UsageError(`--config: unknown option ${unknown}; there are ${configKeys.join(", ")}`);
  return config;
}

function readOptions(): ServerOptions | undefined {
  let values: ReturnType<typeof parse>["values"];
  try {
    values = parse().values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return undefined;
  const given: ServerOptions = {
    port: whole("port", values.port, 65_535),
    host: values.host,
    stompPort: whole("stomp-port", values["stomp-port"], 65_535),
    origins: values.origin?.map(checkOrigin),
    staticDirectory: values.static,
    resumeWindow: whole("resume-window", values["resume-window"], 86_400),
  };
  const config = values.config === undefined ? {} : readConfig(values.config);
  return { ...config, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function parse() {
  return parseArgs({
    options: {
      port: { type: "string" },
      host: { type: "string" },
      "stomp-port": { type: "string" },
      origin: { type: "string", multiple: true },
      static: { type: "string" },
      "resume-window": { type: "string" },
      config: { type: "string" },
      help: { type: "boolean" },
    },
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) {
    process.stdout.write(usage);
    return;
  }
  const server = createServer(options);
  await server.listen();
  process.stdout.write(`listening on ${server.url}\n`);
  if (server.stompPort !== undefined) process.stdout.write(`STOMP over TCP on port ${server.stompPort}\n`);
  const end = () => void server.close().then(() => process.exit(0));
  process.once("SIGTERM", end).once("SIGINT", end);
}

main().catch((error: NodeJS.ErrnoException) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`encke-server: ${isUsage || error.code ? error.message : error.stack}\n`);
  if (error.code === "EADDRINUSE") process.stderr.write("Another program listens there: choose another --port.\n");
  if (isUsage) process.stderr.write("encke-server --help lists the options.\n");
  process.exitCode = isUsage ? 2 : 1;
});
