/** Redis as sweeps use it: reached or refused at once at the start, waited for when it is lost later. */
import type { RedisOptions } from 'bullmq';
import Redis from 'ioredis';

/** How long a server may take to answer at the start. */
const patience = 5000;

/** What BullMQ's queues and workers connect with. They reconnect for as long as it takes. */
export const connectionTo = (url: string): RedisOptions => ({
  url,
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(100 * times, 2000),
});

/** A URL as it may be shown. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '…';
  return decodeURI(shown.href);
}

/** @throws Error naming the URL, without its password, and why it cannot be used */
export async function expectRedis(url: string): Promise<void> {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error('--redis: expected a URL such as redis://:password@host:6379/0');
  }
  let reason: string | undefined;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: patience,
    // Otherwise the process waits two seconds at its end.
    disconnectTimeout: 100,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', (error: Error & { code?: string }) => {
    reason ??= error.message || error.code;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const why = reason ?? (error as Error).message;
    throw new Error(`Redis at ${withoutPassword(url)} cannot be used: ${why}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** What of BullMQ and ioredis tells of a connection. */
interface Connected {
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'ioredis:close', listener: () => void): unknown;
}

/** Hears the errors of connections, and tells of each outage once. */
export class OutageWatch {
  private isOut = false;

  constructor(
    private readonly url: string,
    private readonly tell: (text: string) => void,
  ) {}

  watch(connected: Connected): void {
    connected.on('ioredis:close', () => {
      if (this.isOut) return;
      this.isOut = true;
      this.tell(`the connection to Redis at ${withoutPassword(this.url)} is lost; trying again`);
    });
    connected.on('error', (error) => {
      if (!this.isOut) this.tell(error.message);
    });
  }

  /** Something came through. */
  back(): void {
    if (this.isOut) this.tell('Redis is there again');
    this.isOut = false;
  }
}
