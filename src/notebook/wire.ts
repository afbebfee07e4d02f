/**
 * Jupyter messages as ZeroMQ frames: identities, delimiter, signature, then header, parent header, metadata
 * and content as JSON (the Jupyter messaging protocol, version 5.3). Kernel and client both speak it.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

export type Content = Readonly<Record<string, unknown>>;

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

export interface Message {
  /** Who asked, as the router socket wants to have it back */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** The header of the request that this answers; empty for a request */
  readonly parent: Partial<Header>;
  readonly metadata: Content;
  readonly content: Content;
}

/** What a connection file says. */
export interface Connection {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly signature_scheme: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
}

export const protocolVersion = '5.3';

const delimiter = Buffer.from('<IDS|MSG>');

/** A new header of this session. */
export function headerOf(type: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username: 'mmp',
    date: new Date().toISOString(),
    version: protocolVersion,
  };
}

/** The signature of the four JSON parts under the connection's key; empty without a key. */
function sign(key: string, parts: readonly (string | Uint8Array)[]): string {
  if (key === '') return '';
  const hash = createHmac('sha256', key);
  parts.forEach((part) => hash.update(part));
  return hash.digest('hex');
}

/** The frames of a message. */
export function encode(key: string, message: Message): (string | Buffer)[] {
  const { identities, header, parent, metadata, content } = message;
  const parts = [header, parent, metadata, content].map((part) => JSON.stringify(part));
  return [...identities, delimiter, sign(key, parts), ...parts];
}

/** The message in these frames; undefined when they are none or are not signed with our key. */
export function decode(key: string, frames: readonly Buffer[]): Message | undefined {
  const start = frames.findIndex((frame) => frame.equals(delimiter));
  const [signature, ...parts] = frames.slice(start + 1);
  if (start < 0 || signature === undefined || parts.length < 4) return undefined;
  const expected = Buffer.from(sign(key, parts.slice(0, 4)));
  if (expected.length !== signature.length || !timingSafeEqual(expected, signature)) {
    return undefined;
  }
  const [header, parent, metadata, content] = parts
    .slice(0, 4)
    .map((part) => JSON.parse(Buffer.from(part).toString()) as unknown);
  return {
    identities: frames.slice(0, start),
    header: header as Header,
    parent: parent as Partial<Header>,
    metadata: metadata as Content,
    content: content as Content,
  };
}
