/** How often, in milliseconds, this side is able to send something, and how often it wants to hear something; 0 means never. */
export type HeartBeat = readonly [outgoing: number, incoming: number];

/**
 * What is in force in each direction: the larger wish, and nothing if either side says 0 (STOMP 1.2, "Heart-beating").
 *
 * @param theirs the server's `heart-beat` header, which says the same as seen from its side
 * @returns what is no number above 0 means never
 */
export const agree = (ours: HeartBeat, theirs = ""): HeartBeat =>
  theirs
    .split(",")
    .reverse()
    .map((wish, at) => ours[at]! && +wish && Math.max(ours[at]!, +wish)) as unknown as HeartBeat;
