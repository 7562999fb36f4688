import type { Program } from "../program.ts";

/** Debian's tinyproxy.conf, which allows CONNECT to any port, with all that it writes in the folder. */
export const tinyproxy: Program = {
  name: "tinyproxy",
  program: "tinyproxy",
  debian: "tinyproxy",
  direction: "forward",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: ({ folder, port }) => ({
    args: ["-d", "-c", "tinyproxy.conf"],
    files: {
      "tinyproxy.conf": `
Port ${port}
Listen 127.0.0.1
Timeout 600
LogFile "${folder}/tinyproxy.log"
LogLevel Critical
PidFile "${folder}/tinyproxy.pid"
MaxClients 100
Allow 127.0.0.1
ViaProxyName "tinyproxy"
`,
    },
  }),
};
