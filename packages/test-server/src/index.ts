export type { Application, Channel, ChannelHandler } from "./channel.ts";
export type { Limits } from "./limits.ts";
export {
  atRandom,
  type Direction,
  type Fate,
  type Hold,
  type RequestFault,
  type TimeLimit,
  type WebSocketLimit,
} from "./middlebox/faults.ts";
export type { RequestHead, ResponseHead } from "./middlebox/heads.ts";
export { createMiddlebox, type Middlebox, type MiddleboxOptions } from "./middlebox/middlebox.ts";
export { createServer, type EnckeServer, type ServerOptions } from "./server.ts";
