/** What a server puts up with, and its pace: PROTOCOL.md sections 4 and 10. */
export interface Limits {
  /** The largest message, in octets of UTF-8. @default 16 MiB */
  maxMessage: number;
  /** Octets that wait for a session's client to acknowledge them. @default 32 MiB */
  maxBuffered: number;
  /** @default 20_000 */
  maxSessions: number;
  /** Carriers of one session at one time. @default 8 */
  maxCarriers: number;
  /** How long a poll is held, in milliseconds. @default 25_000 */
  hold: number;
  /** The ping interval on streaming carriers, in milliseconds. @default 20_000 */
  ping: number;
  /** How long a session without a carrier is kept, in milliseconds. @default 60_000 */
  window: number;
}

export const defaultLimits: Limits = {
  maxMessage: 16 * 1024 * 1024,
  maxBuffered: 32 * 1024 * 1024,
  maxSessions: 20_000,
  maxCarriers: 8,
  hold: 25_000,
  ping: 20_000,
  window: 60_000,
};
