import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Hub, Refusal } from "../session/hub.ts";
import { Session } from "../session/session.ts";
import { Code, parameterRecord, Type } from "../shared.ts";
import { eventFraming, stopEventSource } from "../transports/events.ts";
import { htmlFraming } from "../transports/html.ts";
import { poll } from "../transports/poll.ts";
import { send } from "../transports/send.ts";
import { streamFraming } from "../transports/stream.ts";
import { answerFramed, carryByAnswer, type Framing } from "../transports/streaming.ts";
import { carryByWebSocket } from "../transports/websocket.ts";
import { type Address, type CarrierKind, parseAddress } from "./address.ts";
import { answerRecords, carrierHeaders, type Refused, readBody, refuse } from "./answers.ts";
import { isOriginAllowed } from "./origin.ts";

/** Room in a body for what is not messages. */
const bodyOverhead = 64 * 1024;

/** PROTOCOL.md section 5. */
const methods: Record<CarrierKind, "GET" | "POST"> = {
  websocket: "GET",
  stream: "POST",
  events: "GET",
  html: "GET",
  poll: "POST",
  send: "POST",
};

const unservedVersion: Refusal = { code: Code.version, reason: "The server speaks version 1." };

/** What listens below the base: PROTOCOL.md sections 2, 5 and 10. It reads requests; what they mean is the sessions' to know. */
export class EnckeEndpoint {
  readonly #sockets: WebSocketServer;
  readonly #maxBody: number;

  constructor(
    readonly hub: Hub,
    readonly base: string,
    readonly origins: ReadonlySet<string>,
  ) {
    const { maxMessage } = hub.limits;
    this.#maxBody = Math.ceil((maxMessage * 4) / 3) + bodyOverhead;
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 2 * this.#maxBody });
  }

  /** Whether a request's URL is below the base. */
  owns(url: string): boolean {
    return url.startsWith(`${this.base}/`);
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method } = request;
    const { origin } = request.headers;
    if (origin !== undefined && this.origins.has(origin)) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Vary", "Origin");
    }
    const address = this.#admit(request);
    if ("status" in address) return refuse(response, address);
    const { kind } = address;
    if (method !== methods[kind]) {
      response.setHeader("Allow", methods[kind]);
      return refuse(response, { status: 405, code: "METHOD_NOT_ALLOWED", reason: `this URL takes ${methods[kind]}` });
    }
    if (kind === "websocket") {
      response.setHeader("Upgrade", "websocket");
      return refuse(response, { status: 426, code: "UPGRADE_REQUIRED", reason: "this URL takes a WebSocket only" });
    }
    const framing = framingOf(address);
    const answer = (records: string) =>
      framing ? answerFramed(response, framing, records) : answerRecords(response, records);
    const body = method === "POST" ? (await readBody(request, this.#maxBody))?.toString() : "";
    const session = this.#find(address, address.page ?? origin);
    if (!(session instanceof Session)) return answer(refusalRecord(session));
    if (body === undefined) {
      response.setHeader("Connection", "close");
      session.end(Code.tooBig, "A body is too big.");
      // Greeted like any attach: without it a client that is new here would take the session for never opened, and say the same again.
      const greeting = kind === "send" ? "" : session.greeting();
      return answer(greeting + refusalRecord({ code: Code.tooBig, reason: "A body is too big." }));
    }
    if (kind === "events" && session.wasEnded(address.number)) return stopEventSource(response);
    if (framing) {
      // The answer holds its request for as long as it stays open, and most of that are headers.
      request.headers = {};
      request.rawHeaders = [];
      carryByAnswer(session, response, framing, address, body);
    } else if (kind === "send") send(session, response, address, body);
    else poll(session, response, address, body, address.hold ?? this.hub.limits.hold);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = this.#admit(request);
    if ("status" in address) return refuseUpgrade(socket, address);
    if (address.kind !== "websocket") {
      return refuseUpgrade(socket, { status: 400, code: "BAD_REQUEST", reason: "this URL takes no WebSocket" });
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#carry(webSocket, address, request.headers.origin),
    );
  }

  /** Cuts what is still open. */
  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  #carry(socket: WebSocket, address: Address, origin: string | undefined): void {
    // `close` follows each `error`, with the code that the WebSocket layer chose; without a listener it would end the process.
    socket.on("error", () => {});
    const session = this.#find(address, origin);
    if (session instanceof Session) return carryByWebSocket(session, socket, address);
    socket.send(refusalRecord(session));
    socket.close(session.code, session.reason);
  }

  #find(address: Address, origin: string | undefined): Session | Refusal {
    if (!address.isServedVersion) return unservedVersion;
    return this.hub.find(address.session, address.mayOpen, origin, address.protocols);
  }

  /** The request's address, if it is of its form and may act. */
  #admit(request: IncomingMessage): Address | Refused {
    const address = parseAddress(request.url!.slice(this.base.length));
    // The origin first, so that another one learns nothing, not even what a good request looks like.
    const session = "session" in address ? this.hub.get(address.session) : undefined;
    const page = "session" in address ? address.page : undefined;
    if (!isOriginAllowed(request, this.origins, session, page)) {
      return {
        status: 403,
        code: "FORBIDDEN_ORIGIN",
        reason: "this origin may not use the server; allow it with --origin",
      };
    }
    return address;
  }
}

/** The form of an answer that stays open; undefined for kinds whose answer does not. */
function framingOf({ kind, page }: Address): Framing | undefined {
  if (kind === "stream") return streamFraming;
  if (kind === "events") return eventFraming;
  return page === undefined ? undefined : htmlFraming(page);
}

function refusalRecord({ code, reason, retry }: Refusal): string {
  return parameterRecord(Type.close, { code, reason, retry });
}

/** Answers an upgrade that is not served, as HTTP. */
function refuseUpgrade(socket: Duplex, { status, code, reason }: Refused): void {
  const text = `${code}: ${reason}\n`;
  const headers = { ...carrierHeaders, Connection: "close", "Content-Length": Buffer.byteLength(text) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${text}`);
}
