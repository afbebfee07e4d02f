/** A Jupyter server as `npm run lab` has it, on a free port and away from the user's settings. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { projectPython } from '../../src/files/python.js';
import { writeJson } from '../../src/files/write.js';
import { until } from './until.js';

/** In seconds. */
const startLimit = 60;
const stopLimit = 20;

/** What a running server writes into its runtime folder. */
const serverInfo = z.object({ url: z.string() });

const sessionList = z.array(
  z.object({ id: z.string(), path: z.string(), kernel: z.object({ name: z.string() }) }),
);

/** A notebook and the kernel that runs for it. */
type Session = z.infer<typeof sessionList>[number];

export class JupyterServer {
  private readonly token = randomUUID();
  private readonly process: ChildProcess;
  private readonly runtimeFolder: string;
  private url = '';
  /** What the server and its kernels have written so far. */
  log = '';

  private readonly kill = () => {
    this.process.kill();
  };

  /**
   * @param folder for settings and whatever else Jupyter keeps
   * @param notebooks what Lab shows as its root
   */
  private constructor(folder: string, notebooks: string) {
    const inFolder = (name: string) => path.join(folder, name);
    this.runtimeFolder = inFolder('runtime');
    mkdirSync(this.runtimeFolder, { recursive: true });
    writeSettings(inFolder('settings'));
    const lab = ['-m', 'jupyterlab', `--notebook-dir=${notebooks}`, '--no-browser', '--allow-root'];
    const server = ['--ip=127.0.0.1', '--port=0', '--log-level=WARN'];
    this.process = spawn(projectPython, [...lab, ...server], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a group of its own, because Ctrl+C makes Jupyter ask whether it should stop.
      detached: true,
      env: {
        ...process.env,
        JUPYTER_TOKEN: this.token,
        JUPYTER_CONFIG_DIR: inFolder('config'),
        JUPYTER_DATA_DIR: inFolder('data'),
        JUPYTER_RUNTIME_DIR: this.runtimeFolder,
        JUPYTERLAB_SETTINGS_DIR: inFolder('settings'),
        JUPYTERLAB_WORKSPACES_DIR: inFolder('workspaces'),
      },
    });
    const note = (chunk: Buffer) => (this.log += chunk.toString());
    this.process.stdout?.on('data', note);
    this.process.stderr?.on('data', note);
    process.once('exit', this.kill);
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @throws Error with what the server printed when it does not come up
   */
  static async start(folder: string, notebooks: string): Promise<JupyterServer> {
    const server = new JupyterServer(folder, notebooks);
    await until(() => {
      server.url = server.ownUrl() ?? '';
      return server.url !== '' || !server.running;
    }, startLimit);
    if (server.url !== '') return server;
    await server.stop();
    throw new Error(`JupyterLab did not start; it printed:\n${server.log}`);
  }

  /**
   * Where Lab shows a notebook, and no other one.
   *
   * @param notebook its name without the ending
   */
  addressOf(notebook: string): string {
    return `${this.url}lab/workspaces/${notebook}/tree/${notebook}.ipynb?token=${this.token}`;
  }

  /** The kernels that run for a notebook. */
  async sessionsOf(notebook: string): Promise<Session[]> {
    const sessions = sessionList.parse(await (await this.ask('GET', 'api/sessions')).json());
    return sessions.filter((session) => session.path === `${notebook}.ipynb`);
  }

  /** Ends the kernels of a notebook. */
  async endSessionsOf(notebook: string): Promise<void> {
    for (const { id } of await this.sessionsOf(notebook)) {
      await this.ask('DELETE', `api/sessions/${id}`);
    }
  }

  /** Stops the server and its kernels. */
  async stop(): Promise<void> {
    process.off('exit', this.kill);
    if (!this.running) return;
    const ended = once(this.process, 'exit');
    this.process.kill();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 1000 * stopLimit);
    await ended;
    clearTimeout(timer);
  }

  private get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  private async ask(method: string, what: string): Promise<Response> {
    const headers = { Authorization: `token ${this.token}` };
    const response = await fetch(`${this.url}${what}`, { method, headers });
    if (response.ok) return response;
    throw new Error(`${method} ${what}: ${response.status} ${response.statusText}`);
  }

  /** Where the server says that it listens; undefined as long as it has not said so. */
  private ownUrl(): string | undefined {
    const file = readdirSync(this.runtimeFolder).find((name) => /^jpserver-\d+\.json$/.test(name));
    if (file === undefined) return undefined;
    try {
      const text = readFileSync(path.join(this.runtimeFolder, file), 'utf8');
      return serverInfo.parse(JSON.parse(text)).url;
    } catch {
      // Not written to its end.
      return undefined;
    }
  }
}

/** No question whether news are wanted, and notebooks are saved only when somebody saves them. */
function writeSettings(folder: string): void {
  const settings = {
    'apputils-extension/notification': { fetchNews: 'false', checkForUpdates: false },
    'docmanager-extension/plugin': { autosave: false },
  };
  for (const [name, values] of Object.entries(settings)) {
    writeJson(path.join(folder, '@jupyterlab', `${name}.jupyterlab-settings`), values);
  }
}
