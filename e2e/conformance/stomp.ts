/**
 * As much STOMP as it takes to make a server say something inside a session: one frame is one message. Nothing in the
 * suite judges the broker behind it.
 */
import type { Message } from "./records.ts";

export const CONNECT = "CONNECT\naccept-version:1.2\nhost:x\n\n\0";

/** The RECEIPT for it tells that the subscription is in force. */
export function subscribeTo(destination: string): string {
  return `SUBSCRIBE\nid:1\ndestination:${destination}\nreceipt:subscribed\n\n\0`;
}

export function sendTo(destination: string, body: string): string {
  return `SEND\ndestination:${destination}\ncontent-length:${Buffer.byteLength(body)}\n\n${body}\0`;
}

export function sendOctetsTo(destination: string, body: Uint8Array): Buffer {
  const head = `SEND\ndestination:${destination}\ncontent-type:application/octet-stream\ncontent-length:${body.length}\n\n`;
  return Buffer.concat([Buffer.from(head), body, Buffer.of(0)]);
}

let topics = 0;

/** A destination that no other test uses, on a server that may be shared. */
export const newTopic = (): string => `/topic/conformance-${process.pid}-${Date.now().toString(36)}-${++topics}`;

export function commandOf(message: Message): string {
  return Buffer.from(message).toString().split("\n", 1)[0] ?? "";
}

/** The body of a frame, as octets. */
export function octetsOf(message: Message): Buffer {
  const frame = Buffer.from(message);
  return frame.subarray(frame.indexOf("\n\n") + 2, frame.lastIndexOf(0));
}

export const bodyOf = (message: Message): string => octetsOf(message).toString();

/** The bodies of the MESSAGE frames among what came. */
export const bodiesOf = (messages: readonly Message[]): string[] =>
  messages.filter((message) => commandOf(message) === "MESSAGE").map(bodyOf);
