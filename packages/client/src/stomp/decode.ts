import { StompCodecError, type StompCodecErrorCode } from "./codec-error.js";
import { type Frame, type Headers, isUnescaped, type StompVersion } from "./frame.js";

/** What one frame may cost. Sizes are octets where bytes are fed and UTF-16 code units where text is; heads always count in the latter. */
export interface DecoderLimits {
  /** The size of one frame: command, headers and body. @default 16_777_216 */
  maxFrame: number;
  /** How many header lines one frame may have, repeated ones included. @default 100 */
  maxHeaders: number;
  /** The size of a frame's head: command, headers and line ends. @default 65_536 */
  maxHeaderBytes: number;
}

/** What is read next, in the words of the standard's grammar (STOMP 1.2, "Augmented BNF"). `command` includes the EOLs between frames. */
const enum State {
  command,
  header,
  body,
}

const LF = 10;
const CR = 13;
const unescapes: Record<string, string | undefined> = { "\\": "\\", c: ":", n: "\n", r: "\r" };

/**
 * A record that inherits nothing, so that `headers.constructor` is undefined and a header named `__proto__` is one like any other.
 * Unlike `Object.create(null)`, which V8 makes a hash table at once, its instances keep the hidden classes that make filling them fast.
 */
const HeaderRecord = /* @__PURE__ */ (() => {
  function HeaderRecord() {}
  HeaderRecord.prototype = Object.create(null);
  return HeaderRecord as unknown as new () => Headers;
})();

export class FrameDecoder {
  version: StompVersion = "1.2";

  private state = State.command;
  private line = "";
  private size = 0;
  private count = 0;
  private command = "";
  private headers!: Headers;
  private unescaped = false;
  private left = Infinity;
  private isInPair = false;
  private isHolding = false;
  private held = "";
  private pieces: string[] = [];
  private octets: Uint8Array | undefined;
  private used = 0;
  private utf8: TextDecoder | undefined;
  private isInCharacter = false;
  private failure: StompCodecError | undefined;
  private thrown: { error: unknown } | undefined;
  private epoch = 0;
  private readonly limits: DecoderLimits;

  constructor(
    private readonly onFrame: (frame: Frame) => void,
    private readonly onHeartbeat?: () => void,
    limits?: Partial<DecoderLimits>,
  ) {
    this.limits = { maxFrame: 1 << 24, maxHeaders: 100, maxHeaderBytes: 1 << 16, ...limits };
  }

  feed(chunk: string | Uint8Array): void {
    if (this.failure) throw this.failure;
    this.thrown = undefined;
    if (typeof chunk === "string") {
      if (this.isInCharacter && chunk) this.decode(new Uint8Array(), false);
      this.readText(chunk);
    } else {
      this.readBytes(chunk);
    }
    if (this.thrown) throw this.thrown.error;
  }

  reset(): void {
    this.epoch++;
    this.state = State.command;
    this.line = "";
    this.size = 0;
    this.release();
    this.utf8 = this.failure = undefined;
    this.isInCharacter = false;
  }

  private readText(text: string): void {
    const { epoch } = this;
    let at = 0;
    while (at < text.length && epoch === this.epoch) {
      if (this.state === State.body) {
        at = this.readTextBody(text, at);
        continue;
      }
      const lf = text.indexOf("\n", at);
      const end = lf < 0 ? text.length : lf + 1;
      this.size += end - at;
      if (this.size > this.limits.maxHeaderBytes) this.fail("HEADERS_TOO_BIG", `more than maxHeaderBytes = ${this.limits.maxHeaderBytes}`);
      if (lf < 0) {
        if (this.state === State.command && !/^[\w-]*\r?$/.test(text.slice(at))) this.fail("MALFORMED_FRAME", "no STOMP command");
        this.line += text.slice(at);
      } else if (this.line) {
        const line = this.line + text.slice(at, lf);
        this.line = "";
        this.readLine(line, 0, line.length);
      } else {
        this.readLine(text, at, lf);
      }
      at = end;
    }
  }

  private readLine(text: string, start: number, end: number): void {
    if (end > start && text.charCodeAt(end - 1) === CR && this.version !== "1.1") end--;
    if (this.state === State.command) {
      if (start === end) {
        this.size = 0;
        try {
          this.onHeartbeat?.();
        } catch (error) {
          this.thrown ??= { error };
        }
        return;
      }
      const command = text.slice(start, end);
      if (command !== this.command) {
        if (!/^[\w-]+$/.test(command)) this.fail("MALFORMED_FRAME", "no STOMP command");
        this.command = command;
      }
      this.unescaped = isUnescaped(command, this.version);
      this.headers = new HeaderRecord();
      this.count = 0;
      this.state = State.header;
    } else if (start === end) {
      this.beginBody();
    } else {
      if (++this.count > this.limits.maxHeaders) this.fail("TOO_MANY_HEADERS", `more than maxHeaders = ${this.limits.maxHeaders}`);
      const colon = text.indexOf(":", start);
      if (colon <= start || colon >= end) this.fail("MALFORMED_FRAME", "a header line without a name and a colon");
      let name = text.slice(start, colon);
      let value = text.slice(colon + 1, end);
      if (this.version === "1.0") {
        name = name.trim();
        value = value.trim();
      } else if (!this.unescaped) {
        if (name.includes("\\")) name = this.unescape(name);
        if (value.includes("\\")) value = this.unescape(value);
      }
      if (this.headers[name] === undefined) this.headers[name] = value;
    }
  }

  private unescape(text: string): string {
    return text.replace(/\\(.?)/gs, (sequence, c: string) => {
      const octet = c === "r" && this.version === "1.1" ? undefined : unescapes[c];
      return octet ?? this.fail("MALFORMED_FRAME", `undefined escape ${JSON.stringify(sequence)} in a header`);
    });
  }

  private beginBody(): void {
    const length = this.headers["content-length"];
    if (length !== undefined && !/^\d+$/.test(length)) this.fail("MALFORMED_FRAME", `content-length ${JSON.stringify(length)}`);
    this.left = length === undefined ? Infinity : +length;
    this.isInPair = false;
    if (length !== undefined) this.size += this.left;
    this.checkSize();
    this.state = State.body;
  }

  private checkSize() {
    if (this.size > this.limits.maxFrame) this.fail("FRAME_TOO_BIG", `more than maxFrame = ${this.limits.maxFrame}`);
  }

  private readTextBody(text: string, at: number): number {
    let end = at;
    if (this.left === Infinity) {
      end = text.indexOf("\0", at);
      if (end < 0) end = text.length;
      this.size += end - at;
      this.checkSize();
    } else {
      let { left, isInPair } = this;
      for (; left > 0 && end < text.length; end++) {
        const unit = text.charCodeAt(end);
        if (unit < 0x80) {
          left--;
          isInPair = false;
        } else {
          left -= unit < 0x800 || 0 ? 2 : isInPair && unit >= 0xdc00 && unit < 0xe000 ? 1 : 3;
          isInPair = unit >= 0xd800 && unit < 0xdc00;
        }
      }
      this.left = left;
      this.isInPair = isInPair;
      if (left < 0 || (end < text.length && text.charCodeAt(end) !== 0)) this.failLength();
    }
    const piece = text.slice(at, end);
    if (end === text.length) this.hold(piece);
    else this.emit(piece);
    return end + 1;
  }

  private readBytes(bytes: Uint8Array): void {
    const { epoch } = this;
    let at = 0;
    while (at < bytes.length && epoch === this.epoch) {
      if (this.state === State.body) {
        at = this.readBinaryBody(bytes, at);
        continue;
      }
      if (bytes[at] === LF) {
        this.readText("\n");
        at++;
        continue;
      }
      let end = at;
      let start: number;
      do {
        start = end;
        end = bytes.indexOf(LF, start) + 1;
      } while (end > start + 2 || (end === start + 2 && bytes[start] !== CR));
      const isCut = end === 0;
      if (isCut) end = bytes.length;
      this.readText(this.decode(bytes.subarray(at, end), isCut));
      at = end;
    }
  }

  private decode(bytes: Uint8Array, stream: boolean): string {
    this.isInCharacter = stream;
    this.utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    try {
      return this.utf8.decode(bytes, { stream });
    } catch (cause) {
      return this.fail("MALFORMED_FRAME", "headers that are not UTF-8", cause);
    }
  }

  private readBinaryBody(bytes: Uint8Array, at: number): number {
    let end: number;
    if (this.left === Infinity) {
      end = bytes.indexOf(0, at);
      if (end < 0) end = bytes.length;
      this.size += end - at;
      this.checkSize();
    } else {
      end = Math.min(bytes.length, at + this.left);
      this.left -= end - at;
      if (end < bytes.length && bytes[end] !== 0) this.failLength();
    }
    const piece = bytes.subarray(at, end);
    if (end === bytes.length) this.hold(piece);
    else this.emit(piece);
    return end + 1;
  }

  private hold(piece: string | Uint8Array): void {
    this.isHolding = true;
    if (typeof piece === "string") {
      if (this.pieces.push(piece) > 255) {
        this.held += this.pieces.join("");
        this.pieces = [];
      }
      return;
    }
    if (this.pieces.length || this.held) this.holdOctets(new TextEncoder().encode(this.takeText()));
    this.holdOctets(piece);
  }

  private takeText(): string {
    const text = this.held + this.pieces.join("");
    this.held = "";
    this.pieces = [];
    return text;
  }

  private holdOctets(piece: Uint8Array): void {
    const need = this.used + piece.length;
    this.octets ??= piece.slice(0, 0);
    if (need > this.octets.length) {
      const larger = new Uint8Array(Math.max(need, Math.min(2 * need, need + this.left)));
      larger.set(this.octets);
      this.octets = larger;
    }
    this.octets.set(piece, this.used);
    this.used = need;
  }

  private emit(last: string | Uint8Array): void {
    let body = last;
    if (this.isHolding) {
      this.hold(last);
      if (this.octets) {
        this.hold(new Uint8Array());
        body = this.octets.subarray(0, this.used);
      } else {
        body = this.takeText();
      }
      this.release();
    }
    this.state = State.command;
    this.size = 0;
    try {
      this.onFrame({ command: this.command, headers: this.headers, body });
    } catch (error) {
      this.thrown ??= { error };
    }
  }

  private release() {
    this.takeText();
    this.isHolding = false;
    this.octets = undefined;
    this.used = 0;
  }

  private failLength(): never {
    return this.fail("MALFORMED_FRAME", `content-length ${this.headers["content-length"]} does not end at the closing NUL`);
  }

  private fail(code: StompCodecErrorCode, message: string, cause?: unknown): never {
    this.release();
    this.line = "";
    throw (this.failure = new StompCodecError(code, `Not a STOMP ${this.version} frame: ${message}`, { cause }));
  }
}
