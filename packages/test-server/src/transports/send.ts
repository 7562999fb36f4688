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
  new Carrier(session, outlet, { number, received: 0, takesOver: false }).read(body);
  answerRecords(response, session.acknowledgement() + records + end);
}
