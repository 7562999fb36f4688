/** What the server shares with the client, by source: the wire must have one spelling. All of it is imported through this file. */
export { EnckeError } from "../../client/src/errors.ts";
export { type Clock, systemClock } from "../../client/src/page/clock.ts";
export { Code, ProtocolError } from "../../client/src/session/codes.ts";
export { Feed } from "../../client/src/session/feed.ts";
export { acknowledgeBounds, Receiver } from "../../client/src/session/receiver.ts";
export { ReplayBuffer } from "../../client/src/session/replay-buffer.ts";
export {
  numberRecord,
  parameterRecord,
  type RecordSink,
  recordReader,
  Type,
} from "../../client/src/session/wire.ts";
export { FrameDecoder } from "../../client/src/stomp/decode.ts";
export { encodeFrame } from "../../client/src/stomp/encode.ts";
export type { Frame, Headers, StompVersion } from "../../client/src/stomp/frame.ts";
export type { Payload } from "../../client/src/transports/transport.ts";
export { sizeOf } from "../../client/src/utf8.ts";
