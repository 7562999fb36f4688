import { asText } from "../as-text.ts";
import type { Application, Channel } from "../channel.ts";
import { type Clock, encodeFrame, FrameDecoder, type Headers } from "../shared.ts";

/** Milliseconds for the broker's RECEIPT. */
const patience = 10_000;

/** What the broker said: undefined if it has the message, otherwise the `message` header of its ERROR. */
export type Refusal = string | undefined;

/**
 * Publishes one message as a STOMP client of its own would, with a receipt: CONNECT, SEND, and DISCONNECT behind that. What goes wrong with one is no other's.
 *
 * @param headers more of SEND
 */
export function publish(
  application: Application,
  clock: Clock,
  destination: string,
  body: Uint8Array,
  headers: Headers,
): Promise<Refusal> {
  return new Promise((resolve) => {
    const decoder = new FrameDecoder(({ command, headers }) => {
      if (command === "RECEIPT") settle(undefined);
      if (command === "ERROR") settle(headers.message ?? "ERROR");
    });
    const channel: Channel = {
      bufferedAmount: 0,
      send: (message) => decoder.feed(message),
      close: (_, reason) => settle(reason),
    };
    const handler = application.accept(channel);
    const say = (command: string, headers: Headers, body: string | Uint8Array = "") =>
      handler.onMessage(encodeFrame(command, headers, body, "1.2"));
    const settle = (refusal: Refusal) => {
      // The first word counts.
      channel.send = channel.close = () => {};
      cancel();
      resolve(refusal);
      // Later: the broker may be saying so from within what it was just told.
      queueMicrotask(() => handler.onClose());
    };
    const cancel = clock.after(patience, () => settle("RECEIPT_TIMEOUT"));
    say("CONNECT", { "accept-version": "1.2", host: "/", "heart-beat": "0,0" });
    say("SEND", { ...headers, destination, receipt: "1" }, asText(body));
    say("DISCONNECT", {});
  });
}
