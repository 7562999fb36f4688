import type { ServerResponse } from "node:http";
import { answerRecords } from "../http/answers.ts";
import { Carrier, type Outlet } from "../session/carrier.ts";
import type { Session } from "../session/session.ts";

/** Takes in what the client sends beside a receive-only carrier, and acknowledges it: PROTOCOL.md section 5.2. */
export function send(session: Session, response: ServerResponse, number: number, body: string): void {
  let end = "";
  let records = "";
  const outlet: Outlet = {
    takesBinary: false,
    isDuplex: false,
    wake() {},
    send(more) {
      records += more;
    },
    end() {},
    close(record) {
      end = record;
    },
  };
  const before = session.received;
  new Carrier(session, outlet, { number, received: 0, takesOver: false }).read(body);
  // A client that misses the answer to something new sends it again; to a repetition it may not listen any longer.
  answerRecords(response, session.acknowledgement(session.received > before) + records + end);
}
