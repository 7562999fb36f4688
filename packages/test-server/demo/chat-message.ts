import { type Person, readPerson } from "./identity.ts";

/** What travels on /topic/room.<room>, as JSON. */
export interface ChatMessage {
  /** The same when a message is sent again, so that it is shown once. */
  readonly id: string;
  readonly from: Person;
  readonly text: string;
}

const LONGEST_TEXT = 4000;

/** Who says what comes without a person: a shell, a script, an application server. */
const OUTSIDE: Person = { id: "outside", name: "somebody outside", hue: 60 };

/**
 * Reads a message out of a body. Anybody may publish anything there, from any language: what is not a page's
 * message is shown as the text that it is.
 */
export function readChatMessage(body: string, fallbackId: () => string): ChatMessage | undefined {
  const parsed = parse(body);
  const from = readPerson(parsed?.from) ?? OUTSIDE;
  const text = (typeof parsed?.text === "string" ? parsed.text : body).trim().slice(0, LONGEST_TEXT);
  if (text === "") return undefined;
  const id = typeof parsed?.id === "string" && parsed.id.length <= 64 ? parsed.id : fallbackId();
  return { id, from, text };
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
