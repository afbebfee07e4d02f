/** The connection file: in it a front end says where a kernel is to listen. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Connection } from '../wire.js';

const port = z.number().int().min(1).max(65_535);

const connection: z.ZodType<Connection> = z.object({
  transport: z.string(),
  ip: z.string(),
  key: z.string(),
  signature_scheme: z.literal('hmac-sha256'),
  shell_port: port,
  iopub_port: port,
  stdin_port: port,
  control_port: port,
  hb_port: port,
});

/**
 * Reads a connection file.
 *
 * @throws Error naming the file and what is wrong with it
 */
export function readConnection(file: string): Connection {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`the connection file ${file} cannot be read: ${message}`, { cause: error });
  }
  const parsed = connection.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is no connection file:\n${z.prettifyError(parsed.error)}`);
}
