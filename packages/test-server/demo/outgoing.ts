import type { ChatMessage } from "./chat-message.ts";
import type { Outgoing } from "./conversation.ts";
import type { Client } from "./encke.ts";

/** Publishes an own message and shows what becomes of it: waiting, then the tick when the broker's receipt is here. */
export async function deliver(
  client: Client,
  destination: string,
  message: ChatMessage,
  shown: Outgoing,
): Promise<void> {
  shown.waiting();
  try {
    await client.publish(destination, message, { receipt: true });
    shown.delivered();
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    const reason = code === "UNKNOWN_OUTCOME" ? "It may not have arrived." : "Not sent.";
    // The same id again: whoever has it already shows it once.
    shown.failed(reason, () => void deliver(client, destination, message, shown));
  }
}
