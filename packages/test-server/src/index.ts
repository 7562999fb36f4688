export type { Application, Channel, ChannelHandler } from "./channel.ts";
export type { Limits } from "./limits.ts";
export { createMiddlebox, type Middlebox, type MiddleboxOptions } from "./middlebox/middlebox.ts";
export { createServer, type EnckeServer, type ServerOptions } from "./server.ts";
