/**
 * What the codec raises, and nothing else raises.
 *
 * | code | when |
 * | --- | --- |
 * | `MALFORMED_FRAME` | the input is no STOMP, or its `content-length` does not lead to the closing NUL |
 * | `FRAME_TOO_BIG` | a frame is, or by its `content-length` will be, larger than `maxFrame` |
 * | `HEADERS_TOO_BIG` | command and headers of one frame are together larger than `maxHeaderBytes` |
 * | `TOO_MANY_HEADERS` | one frame has more than `maxHeaders` header lines |
 * | `HEADER_NOT_WRITABLE` | a header to be sent has no spelling in this version of STOMP; nothing was written |
 */
export type StompCodecErrorCode =
  | "MALFORMED_FRAME"
  | "FRAME_TOO_BIG"
  | "HEADERS_TOO_BIG"
  | "TOO_MANY_HEADERS"
  | "HEADER_NOT_WRITABLE";

/** The first four mean that the stream cannot be read on, so close the connection; the last is the caller's to mend. */
export class StompCodecError extends Error {
  override readonly name = "StompCodecError";
  readonly code: StompCodecErrorCode;

  constructor(code: StompCodecErrorCode, what: string) {
    super(what);
    this.code = code;
  }
}
