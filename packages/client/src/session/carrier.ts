import type { Attempt } from "../negotiation/report.ts";
import type { Payload, Transport, TransportKind } from "../transports/transport.ts";
import { Code, ProtocolError } from "./codes.ts";
import { RecordReader, type RecordSink, readBinaryBatch, Type } from "./wire.ts";

/** What a carrier's records say, each named after its record in PROTOCOL.md section 3. */
export interface CarrierSink {
  greeting(carrier: Carrier, parameters: URLSearchParams): void;
  acknowledge(received: number): void;
  start(carrier: Carrier): void;
  message(number: number, message: Payload): void;
  ping(carrier: Carrier, token: number): void;
  pong(carrier: Carrier): void;
  close(parameters: URLSearchParams): void;
}

/** One transport under way in the service of the session, and where it stands in the incoming messages. */
export class Carrier {
  transport!: Transport;
  isGreeted = false;
  /** The code with which the server said that it ends this carrier; 0 if it has not. */
  endCode = 0;
  /** When anything came over it last, in milliseconds of the clock. */
  heardAt: number;
  /** The number of the next incoming message on it; 0 before its `s`. */
  #next = 0;
  #reader: RecordReader;

  constructor(
    readonly number: number,
    readonly kind: TransportKind,
    readonly attempt: Attempt,
    now: number,
    maxPayload: number,
    sink: CarrierSink,
  ) {
    this.heardAt = now;
    this.#reader = new RecordReader(this.#sinkInto(sink), maxPayload);
  }

  /** Takes what the transport delivered. @throws {ProtocolError} */
  read(payload: Payload): void {
    if (typeof payload !== "string") return readBinaryBatch(payload, this.#reader.sink);
    this.#reader.read(payload);
    if (this.kind.duplex || this.kind.oneShot) this.#reader.end();
  }

  #sinkInto(sink: CarrierSink): RecordSink {
    return (type, number, payload) => {
      switch (type) {
        case Type.text:
        case Type.binary:
          if (this.#next === 0) throw new ProtocolError(Code.malformed, "A message came before its number.");
          return sink.message(this.#next++, payload);
        case Type.acknowledge:
          return sink.acknowledge(number);
        case Type.start:
          this.#next = number;
          return sink.start(this);
        case Type.greeting:
          this.isGreeted = true;
          return sink.greeting(this, new URLSearchParams(payload as string));
        case Type.ping:
          return sink.ping(this, number);
        case Type.pong:
          return sink.pong(this);
        case Type.end:
          this.endCode = number;
          return;
        case Type.close:
          return sink.close(new URLSearchParams(payload as string));
        default:
          throw new ProtocolError(Code.malformed, "A record's type is unknown.");
      }
    };
  }
}
