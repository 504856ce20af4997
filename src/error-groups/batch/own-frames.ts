/** The first frames of the platform's own code in a stack trace: where to look first. They tell nothing apart. */

/** How many frames are named, and how long they may be together. */
const maxFrames = 2;
const maxLength = 200;
/** So many lines of a stack are looked at: our own code stands below the framework's, but not without end. */
const maxLines = 60;

/** `at name (file:line:column)`, `at file:line:column`, of JavaScript. */
const javascript =
  /^\s*at (?:async )?(?:new )?(?:(.{1,120}?) \()?((?:[a-z-]+:\/\/)?[^()\s]{1,300}?):\d+(?::\d+)?\)?$/;
/** `File "path", line 3, in name`, of Python. */
const python = /^\s*File "([^"]{1,300})", line \d+(?:, in (\S{1,120}))?/;
/** `at package.Class.method(File.java:3)`, of Java and its kin. */
const java = /^\s*at ([\w$.<>/]{1,200})\(([\w$]{1,100}\.(?:java|kt|scala|groovy))(?::\d+)?\)/;
/** `/path/file.go:3 +0x1d`, of Go; `/path/file.rb:3:in 'name'`, of Ruby; `#0 /path/file.php(3): name()`, of PHP. */
const go = /^\s*(\/\S{1,300}\.go):\d+/;
const ruby = /^\s*(?:from )?(\S{1,300}\.rb):\d+:in [`'"](.{1,120})['"]/;
const php = /^#\d+ (\S{1,300}\.php)\(\d+\): ([\w\\:>-]{1,120})/;

/** Code of runtimes and of packages, wherever they are installed. */
const foreign =
  /(?:^|[/\\])(?:node_modules|site-packages|dist-packages|vendor|gems|\.pnpm|\.yarn)[/\\]|^node:|^internal\/|^<|[/\\]lib[/\\](?:python|ruby)|[/\\]go[/\\](?:src|pkg)[/\\]|^\/usr\//;
const foreignClass = /^(?:java|javax|jdk|sun|com\.sun|kotlin|scala|groovy|jakarta)[./]/;

/**
 * Up to two frames, the innermost first: `loadUser (src/users.ts) < handle (src/server.ts)`. Lines are left out, because each
 * release moves them. Null where the text has no frame of our own.
 */
export function ownFrames(stack: string | null): string | null {
  if (stack === null) return null;
  const frames: string[] = [];
  for (const line of inOrder(stack.split('\n', maxLines))) {
    const frame = frameOf(line);
    if (frame !== null && frame !== frames.at(-1)) frames.push(frame);
    if (frames.length === maxFrames) break;
  }
  // A bound may cut a character in two, and PostgreSQL refuses halves.
  return frames.length === 0 ? null : frames.join(' < ').slice(0, maxLength).toWellFormed();
}

/** Python writes the innermost frame last. */
const inOrder = (lines: string[]): string[] =>
  lines.some((line) => python.test(line)) ? lines.toReversed() : lines;

function frameOf(line: string): string | null {
  if (line.length > 1_000) return null;
  const ofJava = java.exec(line);
  if (ofJava) return foreignClass.test(ofJava[1]!) ? null : `${ofJava[1]} (${ofJava[2]})`;
  const ofJavascript = javascript.exec(line);
  if (ofJavascript) return named(ofJavascript[1], ofJavascript[2]!);
  const ofPython = python.exec(line);
  if (ofPython) return named(ofPython[2], ofPython[1]!);
  const ofOther = ruby.exec(line) ?? php.exec(line) ?? go.exec(line);
  return ofOther && named(ofOther[2], ofOther[1]!);
}

function named(name: string | undefined, path: string): string | null {
  if (foreign.test(path)) return null;
  const file = shortPath(path);
  return name ? `${name} (${file})` : file;
}

/** Without host, query and the folders that differ from machine to machine: the last three parts. */
function shortPath(path: string): string {
  const plain = path.replace(/^[a-z-]+:\/\/[^/]*/, '').replace(/[?#].*$/, '');
  return plain.split(/[/\\]/).filter(Boolean).slice(-3).join('/') || path;
}
