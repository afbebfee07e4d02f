/**
 * Every client on every canary: the kernel must not hide a failure from any of them. Run by
 * `npm run test:clients`. A client that cannot be installed is skipped with the reason;
 * `REQUIRE_CLIENTS=nbmake,nbval` makes that a failure, and `MMP_PYTHON=…/bin/python` names a Python that has
 * them already.
 */
import assert from 'node:assert/strict';
import Table from 'cli-table3';
import type { KernelName } from '../../src/notebook/client.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { skip } from '../support/skip.js';
import {
  canaries,
  comparedNames,
  defaultSeconds,
  fileOf,
  reasonFor,
  type Verdict,
} from './canaries.js';
import { clientNames, clients, type Client, type Judged } from './clients.js';
import { jupyterIn } from './jupyter.js';
import { pythonWith } from './packages.js';

/** What came of each canary, by column of the table. */
const verdicts = new Map<string, Map<string, Verdict>>();

describe('the clients', function () {
  this.timeout(10 * 60_000);
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  let python: string;

  before(() => {
    folder = makeFolder();
    environment = jupyterIn(folder);
  });
  after(() => {
    removeFolder(folder);
    console.log(`\n${tableText()}`);
  });

  const judge = async (
    client: Client,
    canary: string,
    kernel: KernelName,
    cellSeconds = defaultSeconds,
  ): Promise<Judged> => {
    const execution = { notebook: fileOf(canary), kernel, cellSeconds };
    const judged = await client.judge(execution, { python, environment });
    const column = kernel === 'mmp' ? client.name : `tslab, ${client.name}`;
    const rows = verdicts.get(column) ?? new Map<string, Verdict>();
    verdicts.set(column, rows.set(canary, judged.verdict));
    return judged;
  };
  const prepare = (context: Mocha.Context, { needs }: Client) => {
    if (needs === undefined) return;
    const found = pythonWith(needs);
    if ('absent' in found) skip(context, found.absent);
    python = found.python;
  };

  for (const client of clients) {
    describe(client.name, () => {
      before(function () {
        prepare(this, client);
      });

      it('accepts good', async () => {
        const { verdict, said } = await judge(client, 'good', 'mmp');
        assert.equal(verdict, 'accepts', said);
      });
      for (const canary of canaries) {
        it(`rejects ${canary.name}`, async () => {
          const { verdict, said } = await judge(client, canary.name, 'mmp', canary.cellSeconds);
          assert.equal(verdict, 'rejects');
          assert.match(said, reasonFor(canary, client.name));
        });
      }
    });
  }

  for (const compared of comparedNames) {
    const client = clients.find(({ name }) => name === compared)!;
    describe(`${compared} with tslab's own kernel`, () => {
      before(function () {
        prepare(this, client);
      });

      for (const { name, stock, cellSeconds } of canaries) {
        it(`${stock[compared]} ${name}`, async () => {
          const { verdict, said } = await judge(client, name, 'tslab', cellSeconds);
          assert.equal(verdict, stock[compared], said);
        });
      }
    });
  }
});

/** Canaries by clients. */
function tableText(): string {
  const columns = [...clientNames, ...comparedNames.map((name) => `tslab, ${name}`)];
  const table = new Table({ head: ['canary', ...columns], style: { head: [], border: [] } });
  for (const { name } of [...canaries, { name: 'good' }]) {
    table.push([name, ...columns.map((column) => verdicts.get(column)?.get(name) ?? '—')]);
  }
  return table.toString();
}
