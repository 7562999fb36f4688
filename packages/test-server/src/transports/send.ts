import type { ServerResponse } from "node:http";
import type { Address } from "../http/address.ts";
import { answerRecords } from "../http/answers.ts";
import { Carrier, type Outlet } from "../session/carrier.ts";
import type { Session } from "../session/session.ts";

/** Takes in what the client sends beside a receive-only carrier, and acknowledges it: PROTOCOL.md section 5.2. */
export function send(session: Session, response: ServerResponse, { number, speaksFor }: Address, body: string): void {
  let end = "";
  const outlet: Outlet = {
    takesBinary: false,
    isDuplex: false,
    isSpokenFor: false,
    wake() {},
    send() {},
    acknowledge() {},
    end() {},
    close(record) {
      end = record;
    },
  };
  const before = session.received;
  const spokenFor = speaksFor === undefined ? undefined : (session.spokenFor(speaksFor) ?? null);
  new Carrier(session, outlet, number, spokenFor).read(body);
  // A client that misses the answer to something new sends it again; to a repetition it may not listen any longer.
  session.afterPause(() => answerRecords(response, session.acknowledgement(session.received > before) + end));
}
