/** An engine as the harness sees it: a child process that is asked one thing at a time. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import {
  descriptionSchema,
  errorSchema,
  preparedSchema,
  profileSchema,
  queueSchema,
  stepSchema,
  type EngineDescription,
  type Prepared,
  type Profile,
  type Queue,
  type Request,
  type Step,
} from './protocol.js';

/** How an engine is started. */
export interface EngineCommand {
  readonly name: string;
  /** How many threads it is told to use */
  readonly threads: number;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Longest wait for one reply, in seconds. */
const defaultPatience = 300;

export class EngineProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly replies: AsyncIterator<string>;
  private readonly ended: Promise<void>;
  /** Why the process is no more, once that is known. */
  private end = '';
  private lastWords = '';

  private constructor(
    { command, parameters, environment }: EngineCommand,
    private readonly patience: number,
  ) {
    this.child = spawn(command, [...parameters], { env: { ...process.env, ...environment } });
    this.replies = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.stderr.on('data', (chunk: Buffer) => {
      this.lastWords = `${this.lastWords}${chunk.toString()}`.slice(-2000);
    });
    // A write to a process that has ended fails; its missing reply tells.
    this.child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.child.on('error', ({ message }) => {
        this.end ||= message;
        resolve();
      });
      this.child.on('close', (code, signal) => {
        const said = this.lastWords.trim().split('\n').at(-1);
        this.end ||= `ended by ${signal ?? `exit code ${code}`}${said ? `: ${said}` : ''}`;
        resolve();
      });
    });
  }

  /**
   * Starts an engine and waits until it has described itself.
   *
   * @param patience longest wait for one reply, in seconds; the process is then killed
   * @throws Error with the reason when it cannot run here; the process has then ended
   */
  static async start(
    command: EngineCommand,
    patience = defaultPatience,
  ): Promise<{ engine: EngineProcess; description: EngineDescription }> {
    const engine = new EngineProcess(command, patience);
    try {
      return { engine, description: await engine.reply(descriptionSchema) };
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  prepare(folder: string): Promise<Prepared> {
    return this.ask({ do: 'prepare', task: folder }, preparedSchema);
  }

  step(): Promise<Step> {
    return this.ask({ do: 'step' }, stepSchema);
  }

  queue(steps: number): Promise<Queue> {
    return this.ask({ do: 'queue', steps }, queueSchema);
  }

  profile(): Promise<Profile> {
    return this.ask({ do: 'profile' }, profileSchema);
  }

  /** Ends the process, and waits until it has. */
  async close(): Promise<void> {
    this.send({ do: 'close' });
    this.child.stdin.end();
    await this.withPatience(this.ended);
    await this.ended;
  }

  private ask<Reply>(request: Request, schema: z.ZodType<Reply>): Promise<Reply> {
    this.send(request);
    return this.reply(schema);
  }

  private send(request: Request): void {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
  }

  private async reply<Reply>(schema: z.ZodType<Reply>): Promise<Reply> {
    const next = await this.withPatience(this.replies.next());
    if (next.done) {
      await this.withPatience(this.ended);
      throw new Error(this.end);
    }
    const message: unknown = JSON.parse(next.value);
    const failure = errorSchema.safeParse(message);
    if (failure.success) throw new Error(failure.data.error);
    return schema.parse(message);
  }

  private async withPatience<Value>(wanted: Promise<Value>): Promise<Value> {
    const timer = setTimeout(() => {
      this.end ||= `no reply within ${this.patience} s`;
      this.child.kill('SIGKILL');
    }, this.patience * 1000);
    try {
      return await wanted;
    } finally {
      clearTimeout(timer);
    }
  }
}
