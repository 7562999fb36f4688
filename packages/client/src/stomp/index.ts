export { EnckeError, type EnckeErrorCode } from "../errors.ts";
export type { Body, Client, ClientEvents, ClientState, PublishOptions } from "./client.ts";
export { connect, type StompEndpoint } from "./connect.ts";
export type { Frame, Headers, StompVersion } from "./frame.ts";
export type { Message } from "./message.ts";
export type { Asked, StompOptions } from "./options.ts";
export type { SocketLike } from "./socket-like.ts";
export type { AckMode, Continuity, SubscribeOptions, Subscription } from "./subscription.ts";
export type { Transaction } from "./transaction.ts";
