import type { Box } from "./box.ts";
import { apacheDeflate, apacheHttp, apacheUpgrade, apacheWsTunnel } from "./boxes/apache.ts";
import { caddy } from "./boxes/caddy.ts";
import { haproxyDenied, haproxyStock } from "./boxes/haproxy.ts";
import { behaviours } from "./boxes/middlebox.ts";
import { nginxGzip, nginxStock, nginxWebSocket } from "./boxes/nginx.ts";
import { squidConnect, squidStock } from "./boxes/squid.ts";
import { tinyproxy } from "./boxes/tinyproxy.ts";
import { varnishStock, varnishWebSocket } from "./boxes/varnish.ts";
import type { Program } from "./program.ts";

/** Those that Debian has. */
export const programs: readonly Program[] = [
  nginxStock,
  nginxWebSocket,
  nginxGzip,
  haproxyStock,
  haproxyDenied,
  apacheHttp,
  apacheWsTunnel,
  apacheUpgrade,
  apacheDeflate,
  varnishStock,
  varnishWebSocket,
  caddy,
  squidStock,
  squidConnect,
  tinyproxy,
];

/** All that encke is tested behind. */
export const boxes: readonly Box[] = [...programs, ...behaviours];
