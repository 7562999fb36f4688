import type { Program, Site } from "../program.ts";

const configure =
  (rules: string) =>
  ({ folder, port, target }: Site) => ({
    args: `-F -j none -n ${folder} -a 127.0.0.1:${port} -T none -s malloc,32m -f ${folder}/default.vcl`.split(" "),
    files: {
      "default.vcl": `
vcl 4.1;
backend default {
  .host = "127.0.0.1";
  .port = "${target}";
}
${rules}
`,
    },
  });

const varnish = { program: "varnishd", debian: "varnish", direction: "reverse" } as const;

/** Debian's default.vcl: built-in rules for all, which know nothing of upgrades. */
export const varnishStock: Program = {
  ...varnish,
  name: "varnish",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(""),
};

/** https://varnish-cache.org/docs/7.1/users-guide/vcl-example-websockets.html */
export const varnishWebSocket: Program = {
  ...varnish,
  name: "varnish, set up for WebSocket",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(`
sub vcl_recv {
  if (req.http.upgrade ~ "(?i)websocket") { return (pipe); }
}
sub vcl_pipe {
  if (req.http.upgrade) {
    set bereq.http.upgrade = req.http.upgrade;
    set bereq.http.connection = req.http.connection;
  }
}`),
};
