/** Every bound of the broker. Over one of them comes the ERROR named here; `docs/broker.md` says what it means for users. */
export interface BrokerLimits {
  /**
   * Milliseconds from the start of a channel to its CONNECT. `CONNECT_TIMEOUT`
   * @default 10_000
   */
  connectTimeout: number;
  /**
   * How often, in milliseconds, the server can send something and wants to hear something; 0 for neither. `HEART_BEAT_MISSED`
   * @default 10_000
   * @see STOMP 1.2, "Heart-beating"
   */
  heartBeat: number;
  /**
   * Octets of one frame. `FRAME_TOO_BIG`
   * @default 16 MiB, as the session protocol's largest message
   */
  frameOctets: number;
  /**
   * Headers in one frame. `TOO_MANY_HEADERS`
   * @default 100
   */
  headers: number;
  /**
   * Octets of a frame's command and headers. `FRAME_TOO_BIG`
   * @default 64 KiB
   */
  headerOctets: number;
  /**
   * Subscriptions of one connection. `TOO_MANY_SUBSCRIPTIONS`
   * @default 1_000
   */
  subscriptions: number;
  /**
   * Open transactions of one connection. `TOO_MANY_TRANSACTIONS`
   * @default 100
   */
  transactions: number;
  /**
   * Frames in one transaction. `TRANSACTION_TOO_BIG`
   * @default 1_000
   */
  transactionFrames: number;
  /**
   * Octets of the messages in all open transactions of one connection. `TRANSACTION_TOO_BIG`
   * @default 32 MiB
   */
  transactionOctets: number;
  /**
   * Messages that one subscription has got and not acknowledged; a queue gives it no more until it does.
   * @default 1_000
   */
  unackedMessages: number;
  /**
   * The same in octets. The message that crosses the bound is still delivered, so that a large one can pass.
   * @default 1 MiB
   */
  unackedOctets: number;
  /**
   * Messages that one queue holds, those delivered and not acknowledged included. `QUEUE_FULL`
   * @default 100_000
   */
  queueMessages: number;
  /**
   * The same in octets, each message with an allowance for what keeping it costs. `QUEUE_FULL`
   * @default 64 MiB
   */
  queueOctets: number;
  /**
   * The same for all queues together. `BROKER_FULL`
   * @default 256 MiB
   */
  brokerOctets: number;
  /**
   * After this many NACKs a message goes to `/queue/dead-letter`.
   * @default 5
   */
  nacks: number;
  /**
   * Octets waiting for one client, or for one subscription to a topic that acknowledges. `SLOW_CONSUMER`
   * @default 16 MiB
   */
  slowConsumerOctets: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const defaultLimits: BrokerLimits = {
  connectTimeout: 10_000,
  heartBeat: 10_000,
  frameOctets: 16 * MIB,
  headers: 100,
  headerOctets: 64 * KIB,
  subscriptions: 1_000,
  transactions: 100,
  transactionFrames: 1_000,
  transactionOctets: 32 * MIB,
  unackedMessages: 1_000,
  unackedOctets: MIB,
  queueMessages: 100_000,
  queueOctets: 64 * MIB,
  brokerOctets: 256 * MIB,
  nacks: 5,
  slowConsumerOctets: 16 * MIB,
};
