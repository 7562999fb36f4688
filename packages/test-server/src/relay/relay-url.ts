/** Where a relay finds its broker, and what it says there if a client says nothing. */
export interface RelayTarget {
  readonly hostname: string;
  readonly port: number;
  /** For clients whose CONNECT has no `login`. */
  readonly login?: string;
  readonly passcode?: string;
  /** The virtual host, in place of whatever the client says. */
  readonly host?: string;
}

/** STOMP's port (RabbitMQ, ActiveMQ). */
const defaultPort = 61_613;

/**
 * Reads `stomp://login:passcode@host:61613/virtual-host`, of which all but the host may be left out.
 *
 * @returns undefined if it is not of that form
 */
export function parseRelayUrl(text: string): RelayTarget | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  const { protocol, hostname, port, username, password, pathname, search, hash } = url;
  if (protocol !== "stomp:" || !hostname || search || hash) return undefined;
  // RabbitMQ's virtual host "/" is written as %2F, as in its own URLs.
  const host = decodeURIComponent(pathname.slice(1));
  return {
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || defaultPort,
    ...(username && { login: decodeURIComponent(username), passcode: decodeURIComponent(password) }),
    ...(host && { host }),
  };
}
