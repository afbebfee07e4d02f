import assert from 'node:assert/strict';
import { parseTitles } from '../../../src/data/food101/titles.js';

const read = (...rows: string[]) => Object.fromEntries(parseTitles(rows.join('\n'), 'titles.csv'));

describe('Food-101 titles', () => {
  it('may hold commas and quotes, single and doubled', () => {
    const titles = read(
      'tacos_1.jpg,Plain,tacos',
      'tacos_2.jpg,"Fish, fried, in tacos",tacos',
      'tacos_3.jpg,"The ""best"" tacos",tacos',
      'tacos_4.jpg,12" tacos, with tacos,tacos',
      'french_toast_320-0.jpg,"" Toast "",french_toast',
      'tacos_5.jpg,"One" and "two",tacos',
      '',
    );
    assert.deepEqual(titles, {
      'tacos_1.jpg': 'Plain',
      'tacos_2.jpg': 'Fish, fried, in tacos',
      'tacos_3.jpg': 'The "best" tacos',
      'tacos_4.jpg': '12" tacos, with tacos',
      'french_toast_320-0.jpg': '"" Toast ""',
      'tacos_5.jpg': '"One" and "two"',
    });
  });

  it('may lack a closing quote, and then the images of the following rows are called .txt', () => {
    const titles = read(
      'breakfast_burrito_729.jpg,"Before",breakfast_burrito',
      'breakfast_burrito_730.jpg,"Never closed,breakfast_burrito',
      'breakfast_burrito_731.txt,Next one,breakfast_burrito',
      'tacos_1.txt,With a " in it,tacos',
      'tacos_2.jpg,Open at its end",tacos',
      'tacos_3.jpg,"",tacos',
      'tacos_4.jpg,,tacos',
    );
    assert.deepEqual(titles, {
      'breakfast_burrito_729.jpg': 'Before',
      'breakfast_burrito_730.jpg': 'Never closed',
      'breakfast_burrito_731.jpg': 'Next one',
      'tacos_1.jpg': 'With a " in it',
      'tacos_2.jpg': 'Open at its end"',
    });
  });

  it('may go over several lines, end in CRLF and begin with a byte order mark', () => {
    const titles = parseTitles(
      '\uFEFFtacos_1.jpg,"Two\r\nlines, tacos",tacos\r\ntacos_2.jpg,Ünïcode,tacos\r\n',
      'titles.csv',
    );
    assert.deepEqual(Object.fromEntries(titles), {
      'tacos_1.jpg': 'Two\r\nlines, tacos',
      'tacos_2.jpg': 'Ünïcode',
    });
    assert.equal(parseTitles('', 'titles.csv').size, 0);
  });

  it('name the line that is no row', () => {
    const good = 'tacos_1.jpg,Plain,tacos';
    assert.throws(
      () => read(good, 'tacos_2.jpg,Other,pizza', good),
      /titles.csv, line 2: expected an image, its title, and the class in .*, got "tacos_2.jpg,Other,pizza"/,
    );
    assert.throws(() => read('image,title,class', good), /titles.csv, line 1: .*got "image,title/);
    assert.throws(() => read(good, good, 'tacos_2.jpg'), /titles.csv, line 2: .*tacos_2.jpg/s);
  });
});
