import type { Program, Site } from "../program.ts";

/**
 * `mode http` with timeouts of 30 s, and none for tunnels: an idle WebSocket ends with them, too. Of a stream it holds each piece back for a fifth of a
 * second. `rule` is what somebody adds to the frontend.
 */
const configure =
  (rule = "") =>
  ({ port, target }: Site) => ({
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
  ${rule}
  default_backend back
backend back
  server encke 127.0.0.1:${target}
`,
    },
  });

const haproxy = { program: "haproxy", debian: "haproxy", direction: "reverse" } as const;

export const haproxyStock: Program = {
  ...haproxy,
  name: "haproxy",
  passes: ["websocket", "xhr-poll"],
  configure: configure(),
};

/** With nothing but streams that come late and polls left. */
export const haproxyDenied: Program = {
  ...haproxy,
  name: "haproxy, WebSocket denied",
  passes: ["xhr-poll"],
  configure: configure("http-request deny if { hdr(Upgrade) -i websocket }"),
};
