/** Why a carrier or a session ended: PROTOCOL.md section 9. */
export const Code = {
  normal: 1000,
  /** RFC 6455's "going away". */
  leaving: 1001,
  /** RFC 6455's "closed abnormally", for what never reaches the wire. */
  lost: 1006,
  /** RFC 6455's "unexpected condition". */
  internal: 1011,
  malformed: 4000,
  version: 4001,
  gone: 4002,
  overflow: 4003,
  tooBig: 4004,
  superseded: 4005,
  draining: 4006,
  busy: 4007,
  rotate: 4008,
  silent: 4009,
  gap: 4010,
  refused: 4100,
} as const;

/** What was received breaks the protocol, and how the session ends for it. */
export class ProtocolError extends Error {
  constructor(
    readonly code: number,
    what: string,
  ) {
    super(what);
  }
}
