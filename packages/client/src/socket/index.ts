export { EnckeError, type EnckeErrorCode } from "../errors.ts";
export type { TransportKind, TransportName } from "../transports/transport.ts";
export { type EnckeCloseEvent, EnckeSocket } from "./encke-socket.ts";
export type { EnckeSocketOptions } from "./options.ts";
