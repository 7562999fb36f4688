import type { Box } from "../box.ts";

/**
 * `mode http` with timeouts of 30 s, and none for tunnels: an idle WebSocket ends with them, too. Of a stream it holds each piece back for a fifth of a
 * second.
 */
export const haproxy: Box = {
  name: "haproxy",
  program: "haproxy",
  debian: "haproxy",
  direction: "reverse",
  passes: ["websocket", "xhr-poll"],
  configure: ({ port, target }) => ({
    args: ["-db", "-f", "haproxy.cfg"],
    files: {
      "haproxy.cfg": `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server encke 127.0.0.1:${target}
`,
    },
  }),
};
