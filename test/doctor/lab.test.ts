/** JupyterLab and the Plotly renderer, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { labFindings } from '../../src/doctor/lab.js';
import type { Ran } from '../../src/doctor/run.js';
import { labPackages } from '../../src/notebook/lab.js';
import { inProject, only, probeOf } from '../support/doctor.js';

describe('the findings about JupyterLab', () => {
  const python = inProject('.venv', 'bin', 'python');
  const extension = inProject('.venv/share/jupyter/labextensions/jupyterlab-plotly/package.json');
  const files = { [python]: '', [extension]: '{}' };
  const wanted = Object.fromEntries(labPackages.map((one) => one.split('=='))) as Record<
    string,
    string
  >;
  const findingsOf = (ran: Partial<Ran>, some: Record<string, string> = files) =>
    labFindings(probeOf({ files: some, commands: { [python]: ran } }));
  const versions = (others: Record<string, string | null> = {}) => ({
    stdout: `${JSON.stringify({ ...wanted, ...others })}\n`,
  });
  const plotly = 'Plotly renderer in JupyterLab';

  it('name the versions', async () => {
    const findings = await findingsOf(versions());
    assert.deepEqual(
      findings.map(({ what, state, detail, remedy }) => [what, state, detail, remedy]),
      [
        ['JupyterLab', 'ok', `jupyterlab ${wanted.jupyterlab} in .venv`, null],
        [plotly, 'ok', `plotly ${wanted.plotly} in .venv`, null],
      ],
    );
  });

  const lacks: [
    string,
    Promise<Awaited<ReturnType<typeof labFindings>>>,
    string,
    string,
    RegExp,
  ][] = [
    ['no .venv', findingsOf({}, {}), 'JupyterLab', 'missing', /^there is no \.venv$/],
    [
      'no JupyterLab',
      findingsOf(versions({ jupyterlab: null })),
      'JupyterLab',
      'missing',
      /^jupyterlab is not in/,
    ],
    [
      'no plotly',
      findingsOf(versions({ plotly: null })),
      plotly,
      'missing',
      /^plotly is not in \.venv$/,
    ],
    [
      'another JupyterLab',
      findingsOf(versions({ jupyterlab: '3.0.0' })),
      'JupyterLab',
      'warning',
      /^jupyterlab 3\.0\.0; tested is 4/,
    ],
    [
      'no extension',
      findingsOf(versions(), { [python]: '' }),
      plotly,
      'failed',
      /without its JupyterLab extension$/,
    ],
    [
      'a Python that fails',
      findingsOf({ failure: 'exit code 1: no' }),
      'JupyterLab',
      'failed',
      /: exit code 1: no$/,
    ],
    [
      'a Python that says nothing',
      findingsOf({}),
      plotly,
      'failed',
      /it does not tell its packages$/,
    ],
  ];
  for (const [name, findings, what, expected, reason] of lacks) {
    it(`say so with ${name}`, async () => {
      const { state, detail, remedy } = only(await findings, what);
      assert.deepEqual([state, remedy], [expected, 'npm run lab']);
      assert.match(detail, reason);
    });
  }
});
