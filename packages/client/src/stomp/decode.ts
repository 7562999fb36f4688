import { EnckeError } from "../errors.ts";
import { toOctets } from "../utf8.ts";
import { type Frame, malformed, type StompVersion } from "./frame.ts";
import { readHead } from "./head.ts";
import { join, type TextOrOctets, toText } from "./octets.ts";

const LF = 10;
const NUL = 0;

const find = (input: TextOrOctets, unit: number, from: number): number =>
  typeof input === "string" ? input.indexOf(unit ? "\n" : "\0", from) : input.indexOf(unit, from);

const cut = (input: TextOrOctets, from: number, to?: number): TextOrOctets =>
  typeof input === "string" ? input.slice(from, to) : input.subarray(from, to);

/**
 * Reads frames from a stream of text, bytes or both, cut anywhere. What is not a whole frame yet is held, and read from its
 * start once it may be one.
 *
 * A frame that came as text has a string body, one that came as bytes or in both forms a `Uint8Array` body: a view of the
 * chunk where the frame lies within one chunk, so a caller that reuses its buffer copies it first.
 *
 * By version: 1.0 knows no escapes. A line ends with LF or CR LF, except in 1.1, whose grammar has CR as data. Headers of
 * CONNECT and CONNECTED are taken as they are, and no header is trimmed. The colons and CRs that 1.1 and 1.2 want escaped in
 * values are understood where they are not.
 */
export class FrameDecoder {
  /**
   * The version in force, for its owner to set when CONNECT or CONNECTED has settled it; `onFrame` may, and the next frame is
   * read by it. Those two frames themselves are read well by the initial value, whatever the peer speaks.
   * @default "1.2"
   */
  version: StompVersion = "1.2";

  /**
   * Reads one chunk and calls back for each frame that it completes. EOLs between frames, which are heart-beats, are skipped.
   *
   * @throws {EnckeError} `MALFORMED_FRAME`, `FRAME_TOO_BIG`. No more can be read of the stream then.
   */
  readonly feed: (chunk: TextOrOctets) => void;

  /**
   * @param onFrame called for every frame, within `feed`; it does not throw
   * @param maxFrame the bound of one frame: command, headers, body
   * @param maxHead the bound of command and headers with their line ends; both in octets of bytes, in UTF-16 code units of text
   */
  constructor(onFrame: (frame: Frame) => void, maxFrame = 16_777_216, maxHead = 65_536) {
    /** Chunks without a whole frame in them, and their size. */
    let held: TextOrOctets[] = [];
    let size = 0;
    /** They have a whole frame in them only if they have more than that. */
    let least = 0;

    const bound = (size: number, limit: number) => {
      if (size > limit) throw new EnckeError("FRAME_TOO_BIG", `${limit}`);
    };

    /** Reads what is whole. Returns where the rest begins. */
    const read = (input: TextOrOctets): number => {
      for (let at = 0; ; ) {
        least = 0;
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
          continue;
        }

        const { "content-length": length = "" } = headers;
        let stop = end;
        let body: TextOrOctets;
        let missing = +length;
        bound(end - at + missing, maxFrame);
        do {
          // The NUL is not before: a unit of text is three octets at most.
          least = stop + Math.ceil(missing / 3) - at;
          stop = find(input, NUL, least + at);
          if (stop < 0) return at;
          body = cut(input, end, stop);
          // As many units as octets: it is ASCII, or bytes.
          missing = length && stop - end !== +length ? +length - toOctets(body).length : 0;
        } while (missing > 0);
        if (missing !== 0) malformed("content-length");
        bound(stop - at, maxFrame);
        onFrame({ command, headers, body });
        at = stop + 1;
      }
    };

    this.feed = (chunk) => {
      const count = held.push(chunk);
      size += chunk.length;
      // Only a NUL makes a frame whole. The first chunk may be a heart-beat, and a great many are better joined.
      if (count < 2 || count > 999 || (size > least && find(chunk, NUL, 0) >= 0)) {
        const input = count > 1 ? join(held) : chunk;
        const at = read(input);
        size = input.length - at;
        held = size ? [cut(input, at)] : [];
      }
      bound(size, maxFrame);
    };
  }
}
