import type { Program, Site } from "../program.ts";

/** Debian's nginx.conf, with all that it writes in the folder. `location` is what a user adds. */
const configure =
  (location: string, http = "") =>
  ({ folder, port, target }: Site) => ({
    args: ["-p", folder, "-e", "error.log", "-c", "nginx.conf"],
    files: {
      "nginx.conf": `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 768; }
http {
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  ${http}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${target};
      ${location}
    }
  }
}
`,
    },
  });

const nginx = { program: "nginx", debian: "nginx-light", direction: "reverse" } as const;

/** It talks HTTP/1.0 to the server, and takes the headers of an upgrade away. */
export const nginxStock: Program = {
  ...nginx,
  name: "nginx",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(""),
};

/** https://nginx.org/en/docs/http/websocket.html */
export const nginxWebSocket: Program = {
  ...nginx,
  name: "nginx, set up for WebSocket",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(
    `proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;`,
    "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
  ),
};

/** As stock, and it compresses whatever it may of the types that text comes in. */
export const nginxGzip: Program = {
  ...nginx,
  name: "nginx, gzip on",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure("", "gzip on; gzip_min_length 0; gzip_proxied any; gzip_types text/plain text/event-stream;"),
};
