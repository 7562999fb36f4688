import type { Program, Site } from "../program.ts";

/** Debian's apache2.conf, with all that it writes in the folder. */
const configure = (modules: readonly string[], lines: (site: Site) => string) => (site: Site) => ({
  args: ["-DFOREGROUND", "-d", site.folder, "-f", "apache2.conf"],
  files: {
    "apache2.conf": `
${["mpm_event", "authz_core", "authz_host", "reqtimeout", "proxy", "proxy_http", ...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
ServerName 127.0.0.1
Listen 127.0.0.1:${site.port}
DefaultRuntimeDir ${site.folder}
PidFile apache2.pid
Mutex file:${site.folder}
ErrorLog error.log
LogLevel warn
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
${lines(site)}
`,
  },
});

const apache = { program: "apache2", debian: "apache2", direction: "reverse" } as const;

const proxyPass = ({ target }: Site) => `ProxyPass "/" "http://127.0.0.1:${target}/"`;

export const apacheHttp: Program = {
  ...apache,
  name: "apache, mod_proxy_http",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure([], proxyPass),
};

/** As https://httpd.apache.org/docs/2.4/mod/mod_proxy_wstunnel.html has it. */
export const apacheWsTunnel: Program = {
  ...apache,
  name: "apache, mod_proxy_wstunnel",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(
    ["proxy_wstunnel", "rewrite"],
    (site) => `${proxyPass(site)}
RewriteEngine on
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteCond %{HTTP:Connection} upgrade [NC]
RewriteRule ^/?(.*) "ws://127.0.0.1:${site.target}/$1" [P,L]`,
  ),
};

/** The setting that mod_proxy_http has for it since 2.4.47. */
export const apacheUpgrade: Program = {
  ...apache,
  name: "apache, upgrade=websocket",
  passes: ["websocket", "fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure([], (site) => `${proxyPass(site)} upgrade=websocket`),
};

/** It compresses all that it may: Debian's deflate.conf without its list of types. */
export const apacheDeflate: Program = {
  ...apache,
  name: "apache, mod_deflate",
  passes: ["fetch-stream", "event-source", "iframe-stream", "xhr-poll"],
  configure: configure(["filter", "deflate"], (site) => `${proxyPass(site)}\nSetOutputFilter DEFLATE`),
};
