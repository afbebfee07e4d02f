/** A Redis server for tests, which keeps nothing. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import Redis from 'ioredis';
import { freePorts } from '../../src/notebook/ports.js';
import { makeFolder, removeFolder } from './folders.js';
import { skip } from './skip.js';

/** Skips where there is no Redis; with REQUIRE_REDIS=1 that is a failure. */
export function needRedis(context: Mocha.Context): void {
  if (spawnSync('redis-server', ['--version']).status === 0) return;
  const reason = 'there is no redis-server (Debian: apt-get install redis-server)';
  if (process.env.REQUIRE_REDIS === '1') throw new Error(reason);
  skip(context, reason);
}

export class RedisServer {
  private readonly folder = makeFolder();
  private process?: ChildProcess;

  private constructor(private readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const [port] = await freePorts(1);
    const server = new RedisServer(port!);
    await server.begin();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  private async begin(): Promise<void> {
    const where = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    this.process = spawn('redis-server', [...where, '--save', ''], { stdio: 'ignore' });
    await this.ask((redis) => redis.ping());
  }

  /** A server that knows nothing of what the one before it knew. */
  async restart(): Promise<void> {
    await this.end();
    await this.begin();
  }

  /** Cuts the connections of everybody. */
  async cutConnections(): Promise<void> {
    await this.ask((redis) => redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
  }

  /** Talks to the server, waiting for it when it has just been started. */
  async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const redis = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }

  private async end(): Promise<void> {
    const { process } = this;
    process!.kill('SIGKILL');
    await once(process!, 'exit');
  }

  async close(): Promise<void> {
    await this.end();
    removeFolder(this.folder);
  }
}
