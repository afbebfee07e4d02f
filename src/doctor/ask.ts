/**
 * Asks a check that runs in a process of its own, because native libraries can crash or hang, and takes
 * whatever happens there for an answer.
 */
import path from 'node:path';
import { z } from 'zod';
import { nativeEnvironment } from '../tensor/native.js';
import { replyMark } from './checks/mark.js';
import { parseJson } from './json.js';
import { nativeBuildOf, type Probe } from './probe.js';

export type Check = 'backend' | 'choice' | 'figure' | 'emoji';

/** A reply, or why there is none, or both: a process can end badly after it has replied. */
export interface Answer<Reply> {
  readonly reply?: Reply;
  readonly failure?: string;
}

const defaultSeconds = 60;
const program = path.join(__dirname, 'checks', 'main.js');

export async function ask<Reply>(
  probe: Probe,
  check: Check,
  schema: z.ZodType<Reply>,
  argument = '',
): Promise<Answer<Reply>> {
  const { stdout, failure } = await probe.run(probe.node.file, [program, check, argument], {
    seconds: defaultSeconds,
    environment: nativeEnvironment(nativeBuildOf(probe), { ...probe.environment }),
  });
  const line = stdout
    .split('\n')
    .filter((one) => one.startsWith(replyMark))
    .at(-1);
  if (line === undefined) return { failure: failure ?? 'it ended without a reply' };
  const message = z
    .union([z.object({ reply: schema }), z.object({ error: z.string() })])
    .safeParse(parseJson(line.slice(replyMark.length)));
  if (!message.success) return { failure: `its reply cannot be read: ${line}` };
  if ('error' in message.data) return { failure: message.data.error };
  return { reply: message.data.reply, ...(failure === undefined ? {} : { failure }) };
}
