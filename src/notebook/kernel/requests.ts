/** Requests about code and about the kernel: what does not execute anything. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '../../files/paths.js';
import { ownKernel } from '../format.js';
import { protocolVersion, type Content, type Message } from '../wire.js';
import type { Session } from './session.js';
import type { Tslab } from './tslab.js';

/** The answer to kernel_info_request. */
export function kernelInfo(): Content {
  const { version } = createRequire(__filename)(path.join(projectRoot, 'package.json')) as {
    version: string;
  };
  const typescript = createRequire(__filename)('@tslab/typescript-for-tslab/package.json') as {
    version: string;
  };
  return {
    status: 'ok',
    protocol_version: protocolVersion,
    implementation: 'mmp',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: typescript.version,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      codemirror_mode: { name: 'javascript', mode: 'typescript', typescript: true },
    },
    banner: `${ownKernel.display_name}: TypeScript ${typescript.version} in Node ${process.versions.node}`,
    help_links: [],
  };
}

/** Answers by request type; undefined where the protocol has no reply for it. */
export function answerTo(
  { header, content }: Message,
  { executor, history }: Session,
  tslab: Tslab,
): { readonly type: string; readonly content: Content } | undefined {
  const handler = tslab.createHandler(executor);
  switch (header.msg_type) {
    case 'kernel_info_request':
      return { type: 'kernel_info_reply', content: kernelInfo() };
    case 'complete_request':
      return { type: 'complete_reply', content: complete(content, handler) };
    case 'inspect_request':
      return { type: 'inspect_reply', content: handler.handleInspect(inUnits(content)) };
    case 'is_complete_request':
      return { type: 'is_complete_reply', content: completeness(content, handler, tslab) };
    case 'history_request':
      return { type: 'history_reply', content: history.answer(content) };
    case 'comm_info_request':
      return { type: 'comm_info_reply', content: { status: 'ok', comms: {} } };
    // Front ends ask for it on the control socket; some older ones here.
    case 'shutdown_request': {
      const restart = content.restart === true;
      return { type: 'shutdown_reply', content: { status: 'ok', restart } };
    }
    default:
      return undefined;
  }
}

/** tslab asks for more where code breaks off, and takes everything else for complete. */
function completeness(
  content: Content,
  handler: ReturnType<Tslab['createHandler']>,
  { ts }: Tslab,
): Content {
  const reply = handler.handleIsComplete(content);
  if (reply.status !== 'complete') return reply;
  // As a module, because only there await may stand outside of functions.
  const { diagnostics } = ts.transpileModule(`export {};\n${String(content.code)}`, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return diagnostics!.length > 0 ? { status: 'invalid' } : reply;
}

function complete(content: Content, handler: ReturnType<Tslab['createHandler']>): Content {
  const reply = handler.handleComplete(inUnits(content));
  const points = (units: unknown) =>
    Array.from(String(content.code).slice(0, Number(units))).length;
  return {
    ...reply,
    cursor_start: points(reply.cursor_start),
    cursor_end: points(reply.cursor_end),
  };
}

/** Jupyter counts characters, JavaScript counts units of UTF-16, of which an emoji has two or more. */
function inUnits(content: Content): Content {
  const code = String(content.code);
  const before = Array.from(code).slice(0, Number(content.cursor_pos));
  return { ...content, cursor_pos: before.join('').length };
}
