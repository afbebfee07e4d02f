/**
 * What `npm start`, `npm test` and `npm run lab` do first: check Node, install what is missing, compile
 * what changed, make the data. Plain JavaScript, because it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inRoot = (...parts) => path.join(root, ...parts);
const kernels = inRoot('src', 'tensor', 'wasm', 'build.mjs');
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

checkNode();
if (!installed()) install();
if (!compiled()) compile();
run(process.execPath, [inRoot('dist', 'src', 'cli.js'), 'data']);

/** Stops on a Node that the packages do not run on. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (fits) return;
  fail(
    `Node ${process.versions.node} does not fit: the workbook needs Node 20.19 or newer of 20, or 22.12 ` +
      'or newer, and 22 LTS is recommended (https://nodejs.org)',
  );
}

/** Whether node_modules holds what the lock file asks for; optional packages may be absent. */
function installed() {
  const marker = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(marker)) return false;
  const present = readJson(marker).packages;
  const wanted = readJson(inRoot('package-lock.json')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) =>
      name === '' ||
      entry.link ||
      entry.optional ||
      (present[name]?.version === entry.version && existsSync(inRoot(name))),
  );
}

function install() {
  say('installing packages …');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  const native = inRoot('node_modules', '@tensorflow', 'tfjs-node-gpu');
  say(
    existsSync(native)
      ? 'native TensorFlow (tfjs-node-gpu): installed'
      : 'native TensorFlow (tfjs-node-gpu): not installed, its download did not succeed; ' +
          'the workbook runs on WebAssembly, unless "npm run setup:native" has built it',
  );
}

/** Whether dist was compiled from the sources as they are now. */
function compiled() {
  const stamp = inRoot('dist', '.sources');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sourcesHash();
}

function compile() {
  say('compiling …');
  // The hash is taken first and written last, so that an interrupted or overtaken build counts as none.
  const hash = sourcesHash();
  rmSync(inRoot('dist'), { recursive: true, force: true });
  run(process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '--project', root]);
  run(process.execPath, [kernels]);
  // npx does this only the first time that it runs a command of this folder.
  chmodSync(inRoot('dist', 'src', 'cli.js'), 0o755);
  writeFileSync(inRoot('dist', '.sources'), hash);
}

function sourcesHash() {
  const hash = createHash('sha256');
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(folder, name)),
  );
  const others = [path.relative(root, kernels), 'tsconfig.json', 'package-lock.json'];
  for (const file of [...files.sort(), ...others]) {
    hash.update(file).update(readFileSync(inRoot(file)));
  }
  return hash.digest('hex');
}

// Standard output belongs to the command that follows, such as `mmp doctor --json`.

function say(line) {
  console.error(line);
}

function run(command, parameters) {
  const { status, error } = spawnSync(command, parameters, {
    cwd: root,
    stdio: ['inherit', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error || status !== 0) {
    fail(
      `"${path.basename(command)} ${parameters.join(' ')}" failed: ${error?.message ?? `exit code ${status}`}`,
    );
  }
}

function fail(message) {
  console.error(`set-up: ${message}`);
  process.exit(1);
}
