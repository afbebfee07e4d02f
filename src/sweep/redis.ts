/** Redis as sweeps use it: reached or refused at once at the start, waited for when it is lost later. */
import Redis from 'ioredis';

/** How long a server may take to answer at the start. */
const patience = 5000;

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

/** A connection as BullMQ wants it, which connects again for as long as it takes and tells of each outage once. */
export class Connection {
  readonly redis: Redis;
  private isOut = false;

  constructor(
    url: string,
    private readonly tell: (text: string) => void,
  ) {
    this.redis = new Redis(url, {
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(100 * times, 2000),
    });
    // What is wrong shows in "close".
    this.redis.on('error', () => undefined);
    this.redis.on('close', () => {
      if (!this.isOut) tell(`Redis at ${withoutPassword(url)} is lost; trying again`);
      this.isOut = true;
    });
    this.redis.on('ready', () => {
      if (this.isOut) tell('Redis is there again');
      this.isOut = false;
    });
  }

  /** What a queue or worker calls an error; during an outage they have many. */
  readonly onError = (error: Error): void => {
    if (!this.isOut) this.tell(`queue: ${error.message}`);
  };

  close(): void {
    this.redis.removeAllListeners('close').disconnect();
  }
}
