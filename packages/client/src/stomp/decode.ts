import { EnckeError } from "../errors.ts";
import type { Frame, StompVersion } from "./frame.ts";
import { malformed, readHead } from "./head.ts";
import { encoder, isAscii, join, type TextOrOctets, toOctets, toText } from "./octets.ts";

/**
 * What one frame may cost. Sizes count octets in bytes and UTF-16 code units in text, but a body with a `content-length`
 * in octets either way.
 */
export interface DecoderLimits {
  /** The size of one frame: command, headers, body. @default 16_777_216 */
  maxFrame: number;
  /** The size of a frame's head: command, headers and their line ends. @default 65_536 */
  maxHead: number;
}

const LF = 10;
const NUL = 0;

const find = (input: TextOrOctets, unit: number, from: number): number =>
  typeof input === "string" ? input.indexOf(unit ? "\n" : "\0", from) : input.indexOf(unit, from);

/**
 * `held` with `chunk` behind it, in the same buffer if there is room, otherwise in one of twice the size: so n octets take
 * O(n) time and memory however small their chunks are.
 */
function append(held: Uint8Array, chunk: Uint8Array): Uint8Array {
  const size = held.length + chunk.length;
  if (size > held.buffer.byteLength) return join(held, chunk, size).subarray(0, size);
  const all = new Uint8Array(held.buffer, 0, size);
  all.set(chunk, held.length);
  return all;
}

const cut = (input: TextOrOctets, from: number, to?: number): TextOrOctets =>
  typeof input === "string" ? input.slice(from, to) : input.subarray(from, to);

/**
 * Reads frames from a stream of text, bytes or both, cut anywhere. What is not a whole frame yet is held, and read from its
 * start once it may be one.
 *
 * A frame that came as text has a string body, one that came as bytes or in both forms a `Uint8Array` body: a view of the
 * chunk where the frame lies within one chunk, so a caller that reuses its buffer copies it first.
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
   * @throws {EnckeError} `MALFORMED_FRAME`, `FRAME_TOO_BIG`. No more can be read of the stream then.
   */
  readonly feed: (chunk: TextOrOctets) => void;

  /**
   * @param onFrame called for every frame, within `feed`; it does not throw
   * @param onHeartbeat called for every EOL between frames (STOMP 1.2, "Heart-beating"), as `onFrame` is
   */
  constructor(
    onFrame: (frame: Frame) => void,
    onHeartbeat?: () => void,
    { maxFrame = 16_777_216, maxHead = 65_536 }: Partial<DecoderLimits> = {},
  ) {
    let held: TextOrOctets = "";
    // What is held is worth another look when it has more than `least` units and `mark` came, or more than `most`.
    let mark: number;
    let least: number;
    let most: number;

    const beginFrame = () => {
      mark = LF;
      least = 0;
      most = maxHead;
    };
    const bound = (size: number, limit: number) => {
      if (size > limit) throw new EnckeError("FRAME_TOO_BIG", `A frame exceeds ${limit}.`);
    };

    /** Reads what is whole. Returns where the rest begins. */
    const read = (input: TextOrOctets): number => {
      for (let at = 0; ; ) {
        beginFrame();
        // A line too short for a header ends the head.
        let line: number;
        let end = at;
        do {
          line = end;
          end = find(input, LF, line) + 1;
        } while (end > line + 2);
        if (!end) return at;
        bound(end - at, maxHead);
        const { command, headers } = readHead(toText(cut(input, at, end)), this.version);
        if (!command) {
          at = end;
          onHeartbeat?.();
          continue;
        }

        const length = headers["content-length"];
        let stop = length ? end + +length : find(input, NUL, end);
        bound(stop - at, maxFrame);
        mark = NUL;
        most = maxFrame;
        if (length) {
          if (/\D/.test(length)) malformed("content-length");
          most = stop - at;
          if (typeof input === "string") {
            const body = input.slice(end, stop);
            // What is missing is a third of as many units at least.
            const { read, written } = isAscii(body)
              ? { read: body.length, written: body.length }
              : encoder.encodeInto(body, new Uint8Array(Math.min(+length, 3 * body.length)));
            stop = end + read + (+length - written) / 3;
          }
        }
        least = stop - at;
        if (stop < 0 || stop >= input.length) return at;
        if (find(input, NUL, stop) !== stop) malformed("content-length");
        onFrame({ command, headers, body: cut(input, end, stop) });
        at = stop + 1;
      }
    };

    beginFrame();
    this.feed = (chunk) => {
      let input = chunk;
      if (typeof chunk === "string" && typeof held === "string") input = held + chunk;
      else if (held.length) input = append(toOctets(held), toOctets(chunk));

      let at = 0;
      if (input.length > least && (find(chunk, mark, 0) >= 0 || input.length > most)) at = read(input);
      bound(input.length - at, most);
      if (at === input.length) held = "";
      else if (typeof input === "string") held = input.slice(at);
      // What is held is in a buffer of its own, with no frame that was given out in it.
      else held = at || !held.length ? append(new Uint8Array(), input.subarray(at)) : input;
    };
  }
}
