import { type PartialBody, partialBody } from "./body.ts";
import { StompCodecError, type StompCodecErrorCode } from "./codec-error.ts";
import { type Frame, type Headers, isUnescaped, type StompVersion } from "./frame.ts";
import { unescapeHeader } from "./header-escapes.ts";

/**
 * What one frame may cost. Sizes count octets in bytes and UTF-16 code units in text; the head of a frame counts in code
 * units either way, and a body with a `content-length` in octets.
 */
export interface DecoderLimits {
  /** The size of one frame: command, headers, body. @default 16_777_216 */
  maxFrame: number;
  /** The number of header lines of one frame, repeated names included. @default 100 */
  maxHeaders: number;
  /** The size of a frame's head: command, headers and their line ends. @default 65_536 */
  maxHeaderBytes: number;
}

const LF = 10;
const CR = 13;

/**
 * A record that inherits nothing: `headers.constructor` is undefined, and a header called `__proto__` one like any other.
 * Objects of `Object.create(null)` would do, but V8 makes each of them a hash table, which costs a quarter of the speed.
 */
function HeaderRecord() {}
HeaderRecord.prototype = Object.create(null);

/**
 * Reads frames from a stream of text, bytes or both, cut anywhere.
 *
 * A frame that came as text has a string body, one that came as bytes a `Uint8Array` body: a view of the chunk where the
 * body lies within one chunk, so a caller that reuses its buffer copies it first. In a frame that came as both, the body is
 * bytes as soon as one piece of it was.
 *
 * By version: 1.0 knows no escapes, and white space around header names and values, which its examples have, is no part of
 * them; 1.1 and 1.2 never trim. A line ends with LF or CR LF, except in 1.1, whose grammar has CR as data. Headers of
 * CONNECT and CONNECTED are taken as they are. The colons and CRs that 1.1 and 1.2 want escaped in values are understood
 * where they are not.
 */
export class FrameDecoder {
  /**
   * The version in force, for its owner to set when CONNECT or CONNECTED has settled it; `onFrame` may, and the next frame is
   * read by it. Those two frames themselves are read well by the initial value, whatever the peer speaks.
   * @default "1.2"
   */
  version: StompVersion = "1.2";

  /**
   * Reads one chunk and calls back for each frame and each heart-beat that it completes.
   *
   * A callback may call `reset()`: the rest of the chunk is dropped. What a callback throws is thrown here, after the rest
   * of the chunk was read, so that the stream stays in step; of several, the first.
   *
   * @throws {StompCodecError} as soon as the input proves malformed or over a limit, and again at every call until `reset()`.
   */
  readonly feed: (chunk: string | Uint8Array) => void;

  /** Forgets a frame begun and an error met: the next chunk starts a new stream. The version stays. */
  readonly reset: () => void;

  /**
   * @param onFrame called for every frame, within `feed`
   * @param onHeartbeat called for every EOL between frames (STOMP 1.2, "Heart-beating"), within `feed`
   */
  constructor(onFrame: (frame: Frame) => void, onHeartbeat?: () => void, limits: Partial<DecoderLimits> = {}) {
    const { maxFrame = 16_777_216, maxHeaders = 100, maxHeaderBytes = 65_536 } = limits;

    // What is read next, in the words of the standard's grammar. The EOLs between frames are commands that are empty.
    let state: "command" | "header" | "body" = "command";
    let line = ""; // of a head, begun in an earlier chunk
    let size = 0; // of the frame so far
    let command = "";
    let headers: Headers;
    let count = 0; // of header lines
    let unescaped = false;
    let left = 0; // octets of the body to come, Infinity without a content-length
    let isPairOpen = false; // a high surrogate came last, counted as 3 octets of the 4 it has with the next unit
    let body: PartialBody | undefined; // begun in an earlier chunk

    let utf8: TextDecoder | undefined;
    let isInCharacter = false; // perhaps: a head was cut, in bytes
    let failure: StompCodecError | undefined;
    let thrown: { error: unknown } | undefined;
    let epoch = 0; // how many times reset() was called

    const malformed = (what: string): never => {
      throw new StompCodecError("MALFORMED_FRAME", `Not STOMP ${this.version}: ${what}`);
    };
    const bound = (value: number, limit: number, code: StompCodecErrorCode) => {
      if (value > limit) throw new StompCodecError(code, `A frame exceeds the limit of ${limit}`);
    };

    const call = (callback: ((frame: Frame) => void) | undefined, frame?: Frame) => {
      try {
        callback?.(frame!);
      } catch (error) {
        thrown ??= { error };
      }
    };

    /** From `start` to `end`, without its LF, is a line of the head. */
    const readLine = (text: string, start: number, end: number) => {
      if (end > start && text.charCodeAt(end - 1) === CR && this.version !== "1.1") end--;
      if (state === "command") {
        if (start === end) {
          size = 0;
          return call(onHeartbeat);
        }
        const name = text.slice(start, end);
        if (name !== command) {
          if (/[^\w-]/.test(name)) malformed("no command");
          command = name;
        }
        headers = new (HeaderRecord as unknown as new () => Headers)();
        count = 0;
        unescaped = isUnescaped(name, this.version);
        state = "header";
      } else if (start === end) {
        beginBody();
      } else {
        bound(++count, maxHeaders, "TOO_MANY_HEADERS");
        const colon = text.indexOf(":", start);
        if (colon < 0 || colon >= end) malformed("a header without a colon");
        let name = text.slice(start, colon);
        let value = text.slice(colon + 1, end);
        if (!unescaped) {
          name = unescapeHeader(name, this.version);
          value = unescapeHeader(value, this.version);
        } else if (this.version === "1.0") {
          name = name.trim();
          value = value.trim();
        }
        if (!name) malformed("a header without a name");
        if (headers[name] === undefined) headers[name] = value;
      }
    };

    const beginBody = () => {
      const length = headers["content-length"];
      left = Infinity;
      if (length !== undefined) {
        if (!/^\d+$/.test(length)) malformed(`content-length ${length}`);
        left = +length;
        size += left;
      }
      bound(size, maxFrame, "FRAME_TOO_BIG");
      isPairOpen = false;
      state = "body";
    };

    /** Reads one line or a part of it; returns where the next begins. */
    const readHead = (text: string, at: number) => {
      const lf = text.indexOf("\n", at);
      const end = lf < 0 ? text.length : lf + 1;
      size += end - at;
      bound(size, maxHeaderBytes, "HEADERS_TOO_BIG");
      if (lf < 0) {
        const part = text.slice(at);
        // What is no STOMP at all may not have an LF for long.
        if (state === "command" && /[^\w\r-]/.test(part)) malformed("no command");
        line += part;
      } else if (line) {
        const whole = line + text.slice(at, lf);
        line = "";
        readLine(whole, 0, whole.length);
      } else {
        readLine(text, at, lf);
      }
      return end;
    };

    /** Reads of one frame's head what is in the chunk, in one call of the TextDecoder, and no octet of the body. */
    const readHeadOctets = (octets: Uint8Array, at: number) => {
      let end = at;
      let start: number;
      do {
        start = end;
        end = octets.indexOf(LF, start) + 1;
        // A blank line ends the head, and so does what may be one: the rest of a line, after a cut.
      } while (end > start + 2 || (end === start + 2 && octets[start] !== CR));
      isInCharacter = !end;
      end ||= octets.length;
      const text = decode(octets.subarray(at, end));
      for (let from = 0; from < text.length; ) from = readHead(text, from);
      return end;
    };

    const decode = (octets: Uint8Array) => {
      utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      return utf8.decode(octets, { stream: isInCharacter });
    };

    /** Reads the body as far as it is in the chunk; returns where the next frame begins. */
    const readBody = (chunk: string | Uint8Array, at: number) => {
      let end = at;
      if (left === Infinity) {
        end = typeof chunk === "string" ? chunk.indexOf("\0", at) : chunk.indexOf(0, at);
        if (end < 0) end = chunk.length;
        size += end - at;
        bound(size, maxFrame, "FRAME_TOO_BIG");
      } else if (typeof chunk === "string") {
        if (isPairOpen && (chunk.charCodeAt(at) & 0xfc00) === 0xdc00) {
          end++;
          left--;
        }
        const rest = chunk.slice(end, end + left);
        let read = rest.length;
        let written = read;
        // Where octets are characters, one regular expression shows it, many times faster than a loop; where they are not,
        // TextEncoder counts them, and stops before the character that no longer fits.
        if (/[^\0-\x7f]/.test(rest)) {
          ({ read, written } = new TextEncoder().encodeInto(rest, new Uint8Array(Math.min(left, 3 * read))));
        }
        end += read;
        left -= written;
        isPairOpen = (chunk.charCodeAt(end - 1) & 0xfc00) === 0xd800;
      } else {
        end = Math.min(chunk.length, at + left);
        left -= end - at;
      }

      const piece = typeof chunk === "string" ? chunk.slice(at, end) : chunk.subarray(at, end);
      if (end === chunk.length) {
        body ??= partialBody();
        body.add(piece, left);
        return end;
      }
      if ((left && left < Infinity) || (typeof chunk === "string" ? chunk.charCodeAt(end) : chunk[end])) {
        malformed("content-length does not lead to the closing NUL");
      }
      let whole = piece;
      if (body) {
        body.add(piece, 0);
        whole = body.end();
        body = undefined;
      }
      state = "command";
      size = 0;
      call(onFrame, { command, headers, body: whole });
      return end + 1;
    };

    this.feed = (chunk) => {
      if (failure) throw failure;
      const now = epoch;
      thrown = undefined;
      try {
        if (isInCharacter && typeof chunk === "string" && chunk) {
          isInCharacter = false;
          decode(new Uint8Array()); // throws if it really is
        }
        for (let at = 0; at < chunk.length && now === epoch; ) {
          if (state === "body") at = readBody(chunk, at);
          else if (typeof chunk === "string") at = readHead(chunk, at);
          else at = readHeadOctets(chunk, at);
        }
      } catch (error) {
        line = "";
        body = undefined;
        // The only other error that comes here is the TextDecoder's.
        failure =
          error instanceof StompCodecError ? error : new StompCodecError("MALFORMED_FRAME", "A head is not UTF-8");
        throw failure;
      }
      if (thrown) throw (thrown as { error: unknown }).error;
    };

    this.reset = () => {
      epoch++;
      state = "command";
      line = "";
      size = 0;
      body = utf8 = failure = undefined;
      isInCharacter = false;
    };
  }
}
