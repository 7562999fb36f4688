import type { IncomingMessage, ServerResponse } from "node:http";

/** What every answer of PROTOCOL.md section 5 carries, so that nothing on the way stores, buffers, compresses or reinterprets it. */
const carrierHeaders = {
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
  "Content-Type": "text/plain;charset=UTF-8",
} as const;

/** Answers with records. */
export function answerRecords(response: ServerResponse, records: string): void {
  response.writeHead(200, { ...carrierHeaders, "Content-Length": Buffer.byteLength(records) }).end(records);
}

/** Why a request is not served at all. Nothing of the request is repeated in the answer. */
export interface Refused {
  readonly status: 400 | 403 | 404 | 405 | 413 | 426 | 501;
  readonly code: string;
  readonly reason: string;
}

/** Answers a request that is not served with one line of text: its code, and what is wrong. */
export function refuse(response: ServerResponse, { status, code, reason }: Refused): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, carrierHeaders).end(`${code}: ${reason}\n`);
}

/**
 * The body as text; undefined if it is longer than `maxOctets`. What is over that is read and dropped up to four times as much, so that the client
 * gets to read the answer instead of a reset.
 */
export async function readBody(request: IncomingMessage, maxOctets: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets <= maxOctets) chunks.push(chunk);
    else if (octets > 4 * maxOctets) request.destroy();
  }
  return octets <= maxOctets ? Buffer.concat(chunks).toString() : undefined;
}
