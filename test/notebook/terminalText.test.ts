import assert from 'node:assert/strict';
import { TerminalText } from '../../src/notebook/terminalText.js';

describe('TerminalText', () => {
  const green = (text: string) => `\u001b[32m${text}\u001b[39m`;
  const cases: [string, string[], string][] = [
    ['keeps plain lines', ['a\n', 'b', 'c\n\nd'], 'a\nbc\n\nd'],
    [
      'leaves the last state of a progress line',
      ['1 %\r', '50 %', '\r100 %\n', 'done'],
      '100 %\ndone',
    ],
    ['leaves what is not written over', ['12345\rab'], 'ab345'],
    ['takes \\r\\n as the end of a line', ['a\r\nb\r', '\n'], 'a\nb\n'],
    ['goes back one place, and not into the line before', ['ab\b\bX\n\b\b\bY'], 'Xb\nY'],
    ['erases with backspace, space, backspace', ['ab', '\b \b', 'c'], 'ac'],
    ['counts an emoji as one place', ['😀b\rX'], 'Xb'],
    ['counts no colours', [`${green('ab')}c\rX`], `X${green('b').slice(5)}c`],
    ['keeps colours', [`${green('1')}\r${green('2')}\n`], `${green('2')}\n`],
    ['is empty at first', [], ''],
  ];
  for (const [name, parts, shown] of cases) {
    it(name, () => {
      const text = new TerminalText();
      for (const part of parts) text.write(part);
      assert.equal(text.text, shown);
    });
  }

  it('has time for a long text of many parts', function () {
    this.timeout(5000);
    const text = new TerminalText();
    for (let i = 0; i < 100_000; i++) text.write(`${'x'.repeat(99)}\n`);
    for (let i = 0; i < 100_000; i++) text.write(`\r${i}`);
    assert.equal(text.text.length, 100_000 * 100 + 5);
  });
});
