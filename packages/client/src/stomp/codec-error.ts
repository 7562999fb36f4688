/** Why the codec gave up. Stable: programs may compare it. */
export type StompCodecErrorCode =
  /** The input is no STOMP frame, or its `content-length` does not lead to the closing NUL. The peer is at fault: close the connection. */
  | "MALFORMED_FRAME"
  /** A frame is, or by its `content-length` will be, larger than `maxFrame`. */
  | "FRAME_TOO_BIG"
  /** Command and headers of one frame are together larger than `maxHeaderBytes`. */
  | "HEADERS_TOO_BIG"
  /** A frame has more than `maxHeaders` header lines. */
  | "TOO_MANY_HEADERS"
  /** A header given to `encodeFrame` has no spelling in this version of STOMP. The caller is at fault: nothing was written. */
  | "UNWRITABLE_HEADER";

/** The only error that `encodeFrame` and `FrameDecoder.feed` raise themselves. */
export class StompCodecError extends Error {
  override readonly name = "StompCodecError";

  constructor(
    readonly code: StompCodecErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
