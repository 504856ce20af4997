/** Keys at a question of a terminal without a cursor (`TERM=dumb`), where Node takes all but Ctrl-C and Ctrl-D as text. */
import type { Interface } from 'node:readline';
import { widthOf } from './width.ts';

interface Key {
  name?: string;
  ctrl?: boolean;
}

/** What Node calls for each key, and the line that it writes to. */
interface Reader {
  _ttyWrite(text: string | undefined, key: Key): void;
  line: string;
  cursor: number;
}

/** Ctrl-Z suspends, Backspace takes the last character away, and what else is no text does nothing. */
export function takeNoKeysAsText(lines: Interface): void {
  const reader = lines as unknown as Reader;
  const write = reader._ttyWrite.bind(reader);
  reader._ttyWrite = (text, key) => {
    if (key.ctrl && key.name === 'z') return void lines.emit('SIGTSTP');
    if (key.name === 'backspace') return takeBack(reader);
    const isEntered = key.name === 'return' || key.name === 'enter';
    const isLeft = key.ctrl && (key.name === 'c' || key.name === 'd');
    if (isEntered || isLeft || !/^\p{Cc}/u.test(text ?? '')) write(text, key);
  };
}

function takeBack(reader: Reader): void {
  const last = [...new Intl.Segmenter().segment(reader.line)].at(-1)?.segment;
  if (last === undefined) return;
  reader.line = reader.line.slice(0, -last.length);
  reader.cursor = reader.line.length;
  process.stderr.write('\b \b'.repeat(widthOf(last)));
}
