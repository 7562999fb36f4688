import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Application } from "../channel.ts";
import { type Refused, readBody, refuse } from "../http/answers.ts";
import { isOriginAllowed } from "../http/origin.ts";
import type { Clock } from "../shared.ts";
import { publish } from "./publish.ts";

const base = "/publish";

/** What the broker says, and what it is in HTTP. What is not listed is the message's fault. */
const statuses: Readonly<Record<string, Refused["status"]>> = {
  QUEUE_FULL: 503,
  BROKER_FULL: 503,
  BROKER_GONE: 502,
  CONNECT_TIMEOUT: 504,
  RECEIPT_TIMEOUT: 504,
};

/** `POST /publish/<destination>`: one message from whoever can make an HTTP request. The status is the broker's receipt. */
export class PushEndpoint {
  constructor(
    readonly application: Application,
    readonly clock: Clock,
    readonly origins: ReadonlySet<string>,
    /** Octets of a body. */
    readonly maxBody: number,
    /** What `Authorization: Bearer` has to say; undefined: nothing. */
    readonly token: string | undefined,
  ) {}

  owns(url: string): boolean {
    return url.startsWith(`${base}/`);
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin } = request.headers;
    if (origin !== undefined && this.origins.has(origin)) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Vary", "Origin");
    }
    const refused = this.#refusal(request);
    if (refused) {
      if (refused.status === 401) response.setHeader("WWW-Authenticate", "Bearer");
      if (refused.status === 405) response.setHeader("Allow", "POST");
      return refuse(response, refused);
    }
    const destination = destinationOf(request.url!);
    if (destination === undefined) {
      return refuse(response, { status: 400, code: "BAD_REQUEST", reason: "the path is no destination" });
    }
    const body = await readBody(request, this.maxBody);
    if (body === undefined) {
      response.setHeader("Connection", "close");
      return refuse(response, {
        status: 413,
        code: "MESSAGE_TOO_BIG",
        reason: `a body has ${this.maxBody} octets at most`,
      });
    }
    const type = request.headers["content-type"];
    const code = await publish(this.application, this.clock, destination, body, type ? { "content-type": type } : {});
    if (code === undefined) return void response.writeHead(204).end();
    refuse(response, { status: statuses[code] ?? 400, code, reason: "the broker did not take the message" });
  }

  #refusal(request: IncomingMessage): Refused | undefined {
    if (this.token !== undefined) {
      const given = Buffer.from(request.headers.authorization?.replace(/^bearer +/i, "") ?? "");
      const wanted = Buffer.from(this.token);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
        return {
          status: 401,
          code: "TOKEN_WRONG",
          reason: "send the server's --publish-token as Authorization: Bearer",
        };
      }
    } else if (!isOriginAllowed(request, this.origins)) {
      return { status: 403, code: "FORBIDDEN_ORIGIN", reason: "this origin may not publish; allow it with --origin" };
    }
    if (request.method === "POST") return undefined;
    return { status: 405, code: "METHOD_NOT_ALLOWED", reason: "this URL takes POST" };
  }
}

/** `/publish/topic/a%20b` is `/topic/a b`. */
function destinationOf(url: string): string | undefined {
  const path = url.slice(base.length);
  try {
    const destination = decodeURIComponent(path);
    return path.includes("?") || destination === "/" ? undefined : destination;
  } catch {
    return undefined;
  }
}
