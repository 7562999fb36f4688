import type { Program } from "../program.ts";

/** `reverse_proxy`, and nothing else. Without what it would do as root: no certificates, no port for its administration. */
export const caddy: Program = {
  name: "caddy",
  program: "caddy",
  debian: "caddy",
  direction: "reverse",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: ({ port, target }) => ({
    args: ["run", "--config", "Caddyfile", "--adapter", "caddyfile"],
    files: {
      Caddyfile: `{
	admin off
	auto_https off
}
http://:${port} {
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:${target}
}
`,
    },
  }),
};
