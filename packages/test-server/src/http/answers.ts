import type { IncomingMessage, ServerResponse } from "node:http";

/** What every answer of PROTOCOL.md section 5 carries, so that nothing on the way stores, buffers, compresses or reinterprets it. */
export const carrierHeaders = {
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
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 426 | 502 | 503 | 504;
  readonly code: string;
  readonly reason: string;
}

/** Answers a request that is not served with one line of text: its code, and what is wrong. */
export function refuse(response: ServerResponse, { status, code, reason }: Refused): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, carrierHeaders).end(`${code}: ${reason}\n`);
}

/**
 * The body; undefined if it is longer than `maxOctets`. Of what is over that, up to three times as much is read and dropped, so that the client
 * gets to read the answer instead of a reset. Rejects if the client goes away.
 */
export function readBody(request: IncomingMessage, maxOctets: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let octets = 0;
    request.on("data", (chunk: Buffer) => {
      octets += chunk.length;
      if (octets <= maxOctets) chunks.push(chunk);
      else if (octets > 4 * maxOctets) {
        request.pause();
        resolve(undefined);
      }
    });
    request.on("end", () => resolve(octets <= maxOctets ? Buffer.concat(chunks) : undefined));
    request.on("error", reject);
    request.on("close", () => reject(new Error("The client went away.")));
  });
}
