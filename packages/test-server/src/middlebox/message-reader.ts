import type { Body, Grammar } from "./heads.ts";

/** Some of what came in. */
export interface Piece<Head> {
  readonly octets: Buffer;
  /** `octets` are exactly this head. Absent: a body, or no HTTP at all. */
  readonly head?: Head;
  /** With these octets the message is complete. Never so where the end of the connection ends it. */
  readonly isEnd: boolean;
}

/** A head longer than this is taken for something else than HTTP. */
const maxHead = 64 * 1024;
/** Longest line between the chunks of a chunked body. */
const maxLine = 8 * 1024;
const lineFeed = 10;

/**
 * Finds the heads and ends in a sequence of HTTP/1.1 messages (RFC 9112), however it is cut. Nothing is lost or changed: the pieces put together are what came
 * in, and only an unfinished head waits for its rest. What turns out not to be HTTP, and all that follows it, comes as it is.
 */
export class MessageReader<Head> {
  readonly #grammar: Grammar<Head>;
  readonly #bodyOf: (head: Head) => Body;
  /** What comes next: a head · a body of known length, or one chunk · lines of a chunked body · anything. */
  #reading: "head" | "body" | "chunk-size" | "chunk-end" | "trailer" | "opaque" = "head";
  /** The start of a head, or of a line of a chunked body. */
  #unfinished = "";
  /** Octets of the body or chunk to come. */
  #left = 0;
  #isChunked = false;

  /** @param bodyOf asked once for each head, in order */
  constructor(grammar: Grammar<Head>, bodyOf: (head: Head) => Body) {
    this.#grammar = grammar;
    this.#bodyOf = bodyOf;
  }

  *read(chunk: Buffer): Generator<Piece<Head>> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#reading === "opaque") {
        yield { octets: rest, isEnd: false };
        return;
      }
      if (this.#reading === "head") {
        // Latin-1 has one character an octet, so nothing is changed on the way through a string.
        const all = this.#unfinished + rest.toString("latin1");
        const blank = all.indexOf("\r\n\r\n");
        if (blank < 0 && this.#mayBecomeHead(all)) {
          this.#unfinished = all;
          return;
        }
        const head = blank < 0 ? undefined : this.#parse(all.slice(0, blank));
        const octets = Buffer.from(head ? all.slice(0, blank + 4) : all, "latin1");
        rest = head ? rest.subarray(blank + 4 - this.#unfinished.length) : rest.subarray(rest.length);
        this.#unfinished = "";
        this.#expect(head ? this.#bodyOf(head) : "opaque");
        yield head ? { octets, head, isEnd: this.#isAtHead } : { octets, isEnd: false };
      } else {
        const octets = rest.subarray(0, this.#readBody(rest));
        rest = rest.subarray(octets.length);
        yield { octets, isEnd: this.#isAtHead };
      }
    }
  }

  /** What follows is no HTTP. */
  letPass(): void {
    this.#reading = "opaque";
  }

  /** There will be no more: what still waited. */
  end(): Buffer {
    return Buffer.from(this.#reading === "head" ? this.#unfinished : "", "latin1");
  }

  get #isAtHead(): boolean {
    return this.#reading === "head";
  }

  #expect(body: Body): void {
    this.#isChunked = body === "chunked";
    if (body === "opaque") this.#reading = "opaque";
    else if (body === "chunked") this.#reading = "chunk-size";
    else {
      this.#left = body;
      this.#reading = body === 0 ? "head" : "body";
    }
  }

  /** How many of the octets belong to the body. */
  #readBody(octets: Buffer): number {
    let at = 0;
    while (at < octets.length && this.#reading !== "head") {
      if (this.#reading === "opaque") return octets.length;
      if (this.#reading === "body") {
        const count = Math.min(this.#left, octets.length - at);
        at += count;
        this.#left -= count;
        if (this.#left === 0) this.#reading = this.#isChunked ? "chunk-end" : "head";
      } else {
        const end = octets.indexOf(lineFeed, at) + 1;
        this.#unfinished += octets.toString("latin1", at, end || octets.length);
        at = end || octets.length;
        if (end > 0) this.#endLine();
        else if (this.#unfinished.length > maxLine) this.#reading = "opaque";
      }
    }
    return at;
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

  #mayBecomeHead(text: string): boolean {
    if (text.length > maxHead) return false;
    const end = text.indexOf("\n");
    if (end < 0) return this.#grammar.mayBegin(text);
    return this.#grammar.parse(text.slice(0, end).trimEnd(), new Map()) !== undefined;
  }

  #parse(text: string): Head | undefined {
    const [first, ...lines] = text.split("\r\n");
    const headers = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    return this.#grammar.parse(first!, headers);
  }
}
