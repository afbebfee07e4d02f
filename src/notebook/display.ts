/**
 * Sending results to the front end: a bundle holds one result in several MIME types, and every front end
 * takes the richest that it can show. Outside a kernel the plain text goes to the console.
 */
import { randomUUID } from 'node:crypto';

/** One result by MIME type; `text/plain` is what everyone can show. Bytes are base64, JSON is an object. */
export type Bundle = { readonly 'text/plain': string } & Readonly<Record<string, unknown>>;

type WriteDisplayData = (
  content: { data: Bundle; metadata: object; transient: { display_id?: string } },
  update: boolean,
) => void;

/** How the tslab kernel that runs this process writes display data; undefined outside a kernel. */
function kernelWriter(): WriteDisplayData | undefined {
  if (!('__tslab__' in globalThis)) return undefined;
  // tslab's public API sends one MIME type at a time; its Jupyter module takes whole bundles.
  const loaded = Object.values(require.cache).find((module) =>
    /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(module?.filename ?? ''),
  );
  const writer = (loaded?.exports as { lastWriteDisplayData?: WriteDisplayData } | undefined)
    ?.lastWriteDisplayData;
  return writer ?? undefined;
}

/** Whether this process is a notebook kernel. */
export function inNotebook(): boolean {
  return kernelWriter() !== undefined;
}

/** Shows a result once. */
export function display(bundle: Bundle): void {
  const write = kernelWriter();
  if (write) write({ data: bundle, metadata: {}, transient: {} }, false);
  else console.log(bundle['text/plain']);
}

/** A place in the output of a notebook that each call overwrites. */
export class LiveDisplay {
  private readonly id = randomUUID();
  private shown = false;

  update(bundle: Bundle): void {
    kernelWriter()?.(
      { data: bundle, metadata: {}, transient: { display_id: this.id } },
      this.shown,
    );
    this.shown = true;
  }
}
