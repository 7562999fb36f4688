import { readOptions, UsageError, usage } from "./cli-options.ts";
import { createServer } from "./server.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(usage);
    return;
  }
  const server = createServer(options);
  // Before the line that says it listens: who reads that may end it at once.
  const end = () => void server.close().then(() => process.exit(0));
  process.once("SIGTERM", end).once("SIGINT", end);
  await server.listen();
  process.stdout.write(`listening on ${server.url}\n`);
  if (server.stompPort !== undefined) process.stdout.write(`STOMP over TCP on port ${server.stompPort}\n`);
}

main().catch((error: NodeJS.ErrnoException) => {
  const isUsage = error instanceof UsageError;
  process.stderr.write(`encke-server: ${isUsage || error.code ? error.message : error.stack}\n`);
  if (error.code === "EADDRINUSE") process.stderr.write("Another program listens there: choose another --port.\n");
  if (isUsage) process.stderr.write("encke-server --help lists the options.\n");
  process.exitCode = isUsage ? 2 : 1;
});
