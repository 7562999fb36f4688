import type { Program, Site } from "../program.ts";

/** Debian's squid.conf, with all that it writes in the folder. */
const configure = (sslPorts: (site: Site) => string) => (site: Site) => ({
  // By its name it keeps out of the way of one that the system runs.
  args: ["-N", "-d", "1", "-n", `encke${site.port}`, "-f", `${site.folder}/squid.conf`],
  files: {
    "squid.conf": `
acl SSL_ports port ${sslPorts(site)}
acl Safe_ports port 80
acl Safe_ports port 443
acl Safe_ports port 1025-65535
http_access deny !Safe_ports
http_access deny CONNECT !SSL_ports
http_access allow localhost
http_access deny all
http_port 127.0.0.1:${site.port}
refresh_pattern -i (/cgi-bin/|\\?) 0 0% 0
refresh_pattern . 0 20% 4320
visible_hostname localhost
pid_filename ${site.folder}/squid.pid
coredump_dir ${site.folder}
cache_log /dev/null
access_log none
pinger_enable off
shutdown_lifetime 0 seconds
`,
  },
});

const squid = { program: "squid", debian: "squid", direction: "forward" } as const;

/** Stock: CONNECT goes to port 443 only, so that ws: is refused and wss: passes. */
export const squidStock: Program = {
  ...squid,
  name: "squid",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(() => "443"),
};

/** The server's port counts as 443 does: what stock does with wss:. */
export const squidConnect: Program = {
  ...squid,
  name: "squid, CONNECT allowed",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(({ target }) => `443 ${target}`),
};
