export interface RequestHead {
  readonly method: string;
  /** Names in lower case. Of a header that is repeated, the last. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Some of what came in. */
export interface Piece {
  readonly octets: Buffer;
  /** `octets` are exactly this head. Absent: a body, or no HTTP at all. */
  readonly head?: RequestHead;
}

/** A head longer than this is taken for something else than HTTP. */
const maxHead = 64 * 1024;
/** Longest line between the chunks of a chunked body. */
const maxLine = 8 * 1024;

const requestLine = /^([A-Z]+) \S+ HTTP\/1\.[01]$/;
const startOfRequestLine = /^[A-Z]{0,20}( \S*( [HTP/1.0]*)?)?\r?$/;

/** A request of this head asks for a WebSocket (RFC 6455 section 4.1). */
export function asksForWebSocket({ method, headers }: RequestHead): boolean {
  return method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Finds the heads in a sequence of HTTP/1.1 requests (RFC 9112), however it is cut. Nothing is lost or changed: the pieces put together are what
 * came in, and only an unfinished head waits for its rest. What turns out not to be HTTP, and all that follows a request for a WebSocket, comes as it is.
 */
export class RequestReader {
  /** What comes next: a head · a body of known length, or one chunk · lines of a chunked body · anything. */
  #reading: "head" | "body" | "chunk-size" | "chunk-end" | "trailer" | "opaque" = "head";
  /** The start of a head, or of a line of a chunked body. */
  #unfinished = "";
  /** Octets of the body or chunk to come. */
  #left = 0;
  #isChunked = false;

  *read(chunk: Buffer): Generator<Piece> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#reading === "opaque") {
        yield { octets: rest };
        return;
      }
      if (this.#reading === "body") {
        const octets = rest.subarray(0, this.#left);
        rest = rest.subarray(octets.length);
        this.#left -= octets.length;
        if (this.#left === 0) this.#reading = this.#isChunked ? "chunk-end" : "head";
        yield { octets };
      } else if (this.#reading === "head") {
        // Latin-1 has one character an octet, so nothing is changed on the way through a string.
        const all = this.#unfinished + rest.toString("latin1");
        const blank = all.indexOf("\r\n\r\n");
        if (blank < 0 && mayBecomeHead(all)) {
          this.#unfinished = all;
          return;
        }
        const head = blank < 0 ? undefined : parseHead(all.slice(0, blank));
        const octets = Buffer.from(head ? all.slice(0, blank + 4) : all, "latin1");
        rest = head ? rest.subarray(blank + 4 - this.#unfinished.length) : rest.subarray(rest.length);
        this.#unfinished = "";
        this.#expectBody(head);
        yield head ? { octets, head } : { octets };
      } else {
        const end = rest.indexOf("\n") + 1;
        const octets = end === 0 ? rest : rest.subarray(0, end);
        rest = rest.subarray(octets.length);
        this.#unfinished += octets.toString("latin1");
        if (end > 0) this.#endLine();
        else if (this.#unfinished.length > maxLine) this.#reading = "opaque";
        yield { octets };
      }
    }
  }

  #expectBody(head: RequestHead | undefined): void {
    if (!head || asksForWebSocket(head)) {
      this.#reading = "opaque";
      return;
    }
    this.#isChunked = /\bchunked$/i.test(head.headers.get("transfer-encoding") ?? "");
    this.#left = Number(head.headers.get("content-length") ?? 0);
    if (this.#isChunked) this.#reading = "chunk-size";
    else if (!Number.isSafeInteger(this.#left)) this.#reading = "opaque";
    else if (this.#left > 0) this.#reading = "body";
  }

  /** A line of a chunked body is complete (RFC 9112 section 7.1). */
  #endLine(): void {
    const line = this.#unfinished.trimEnd();
    this.#unfinished = "";
    if (this.#reading === "chunk-end") {
      this.#reading = "chunk-size";
    } else if (this.#reading === "trailer") {
      if (line === "") this.#reading = "head";
    } else {
      const size = /^[0-9a-f]+/i.exec(line);
      this.#left = size ? Number.parseInt(size[0], 16) : Number.NaN;
      if (!Number.isSafeInteger(this.#left)) this.#reading = "opaque";
      else this.#reading = this.#left === 0 ? "trailer" : "body";
    }
  }
}

function mayBecomeHead(text: string): boolean {
  if (text.length > maxHead) return false;
  const end = text.indexOf("\n");
  return end < 0 ? startOfRequestLine.test(text) : requestLine.test(text.slice(0, end).trimEnd());
}

function parseHead(text: string): RequestHead | undefined {
  const [first, ...lines] = text.split("\r\n");
  const method = requestLine.exec(first!)?.[1];
  if (!method) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, headers };
}
