/** What a kernel publishes of a cell, as nbformat has it. */
import type { Output } from './format.js';
import type { Content } from './wire.js';

/** An output, or a change of all outputs that were displayed under an id. */
export interface KernelOutput {
  readonly output: Output;
  readonly displayId?: string;
  readonly update: boolean;
}

/** The output in a published message; undefined where it has none. */
export function outputOf(type: string, content: Content): KernelOutput | undefined {
  if (type === 'stream') {
    const { name, text } = content;
    return { output: { output_type: 'stream', name, text }, update: false };
  }
  if (type === 'display_data' || type === 'update_display_data') {
    const { data, metadata, transient } = content;
    const displayId = (transient as { display_id?: string } | undefined)?.display_id;
    const output = { output_type: 'display_data', data, metadata };
    const update = type === 'update_display_data';
    return displayId === undefined ? { output, update } : { output, update, displayId };
  }
  if (type === 'execute_result') {
    const { execution_count, data, metadata } = content;
    return { output: { output_type: type, execution_count, data, metadata }, update: false };
  }
  if (type === 'error') {
    const { ename, evalue, traceback } = content;
    return { output: { output_type: type, ename, evalue, traceback }, update: false };
  }
  return undefined;
}
