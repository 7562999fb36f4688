/** Names in lower case. Of a header that is repeated, the last. */
export type Headers = ReadonlyMap<string, string>;

export interface RequestHead {
  readonly method: string;
  /** As it was asked for, with the query: `/encke/poll?x=1`. */
  readonly path: string;
  readonly headers: Headers;
  /** It asks for a WebSocket (RFC 6455 section 4.1). */
  readonly isWebSocket: boolean;
}

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
}

/** What follows a head: octets of a body, infinitely many up to the end of the connection; chunks; or what is no HTTP any more. */
export type Body = number | "chunked" | "opaque";

/** How a head is told from something else than HTTP/1.1, and read. */
export interface Grammar<Head> {
  /** Whether some octets, without a line end, may be the start of a first line. */
  mayBegin(text: string): boolean;
  /** Undefined: this is none. */
  parse(firstLine: string, headers: Headers): Head | undefined;
}

const requestLine = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/;
const startOfRequestLine = /^[A-Z]{0,20}( \S*( [HTP/1.0]*)?)?\r?$/;

export const requestGrammar: Grammar<RequestHead> = {
  mayBegin: (text) => startOfRequestLine.test(text),
  parse(firstLine, headers) {
    const [, method, path] = requestLine.exec(firstLine) ?? [];
    if (!method || !path) return undefined;
    const isWebSocket = method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";
    return { method, path, headers, isWebSocket };
  },
};

const statusLine = /^HTTP\/1\.[01] (\d{3})( |$)/;
const startOfStatusLine = "HTTP/1.";

export const responseGrammar: Grammar<ResponseHead> = {
  mayBegin: (text) => startOfStatusLine.startsWith(text) || text.startsWith(startOfStatusLine),
  parse(firstLine, headers) {
    const status = statusLine.exec(firstLine)?.[1];
    return status ? { status: Number(status), headers } : undefined;
  },
};

/** RFC 9112 section 6.3. What follows a request that switches protocols is known from its response only. */
export function requestBody({ headers }: RequestHead): Body {
  return framed(headers) ?? 0;
}

/** RFC 9112 section 6.3. @param method of the request, if there was one */
export function responseBody(head: ResponseHead, method: string | undefined): Body {
  const { status, headers } = head;
  if (switchesProtocol(head, method)) return "opaque";
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return 0;
  return framed(headers) ?? Number.POSITIVE_INFINITY;
}

/** What follows this head is of another protocol, in both directions. */
export function switchesProtocol({ status }: ResponseHead, method: string | undefined): boolean {
  return status === 101 || (method === "CONNECT" && status >= 200 && status < 300);
}

function framed(headers: Headers): Body | undefined {
  const coding = headers.get("transfer-encoding");
  if (coding !== undefined) return /\bchunked$/i.test(coding) ? "chunked" : undefined;
  const length = headers.get("content-length");
  if (length === undefined) return undefined;
  return /^\d{1,15}$/.test(length) ? Number(length) : "opaque";
}
