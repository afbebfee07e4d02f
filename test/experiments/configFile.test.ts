import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseYaml, readOptions, withOption } from '../../src/experiments/configFile.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('a configuration file', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });
  const file = (text: string) => {
    const name = path.join(folder, 'run.yaml');
    writeFileSync(name, text);
    return name;
  };

  it('is YAML or JSON', () => {
    const expected = { method: 'mmp', budget: { steps: 3 } };
    assert.deepEqual(readOptions(file('method: mmp\nbudget:\n  steps: 3\n')), expected);
    assert.deepEqual(readOptions(file(JSON.stringify(expected))), expected);
  });

  it('that is not there or no YAML is named, with the line', () => {
    assert.throws(
      () => readOptions(path.join(folder, 'none.yaml')),
      /cannot read .*none\.yaml: ENOENT/,
    );
    assert.throws(() => readOptions(file('method: mmp\nseed: [1\n')), /run\.yaml: .*line 3/);
    assert.throws(() => readOptions(file('a: 1\na: 2\n')), /run\.yaml: .*unique.*line 2/);
    assert.throws(() => readOptions(file('- 1\n')), /expected keys with values, got \[1\]/);
    assert.throws(() => readOptions(file('')), /expected keys with values, got null/);
  });

  it('takes single values from elsewhere, and stays as it is', () => {
    const options = { method: 'mmp', budget: { steps: 3 } };
    assert.deepEqual(withOption(options, 'budget.batchSize', 8), {
      method: 'mmp',
      budget: { steps: 3, batchSize: 8 },
    });
    assert.deepEqual(withOption(options, 'optimiser.clipping.limit', 1), {
      ...options,
      optimiser: { clipping: { limit: 1 } },
    });
    assert.deepEqual(options, { method: 'mmp', budget: { steps: 3 } });
    assert.throws(() => withOption(options, 'method.name', 1), /method\.name: method is "mmp"/);
  });

  it('has values as YAML has them', () => {
    assert.deepEqual(parseYaml('[0.9, 0.98]', 'a'), [0.9, 0.98]);
    assert.equal(parseYaml('1e-3', 'a'), 1e-3);
    assert.equal(parseYaml('true', 'a'), true);
    assert.equal(parseYaml('linear+align', 'a'), 'linear+align');
  });
});
