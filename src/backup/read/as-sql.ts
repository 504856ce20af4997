/** Names, texts and settings as they stand in the SQL of a backup: whoever wrote them, they are only text there. */

/** Lists of names are stored as they are written in SQL; every other value is one text. */
const isList = /^(search_path|session_preload_libraries|local_preload_libraries|temp_tablespaces)$/;

/** A text as a literal, on one line: the statements of a file are told from each other by their lines, too. */
export const literal = (text: string): string => {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return /[\\\n\r]/.test(text)
    ? `E${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}`
    : quoted;
};

/** A quoted name on one line. */
export const oneLine = (name: string): string =>
  /[\n\r]/.test(name)
    ? `U&${name.replaceAll('\\', '\\\\').replaceAll('\n', '\\000A').replaceAll('\r', '\\000D')}`
    : name;

/** The name that a quoted one stands for, also as {@link oneLine} has written it. */
export const unquoted = (name: string): string => {
  if (name.startsWith('U&'))
    return unquoted(name.slice(2)).replace(/\\(\\|[0-9A-F]{4})/g, (_, code: string) =>
      code === '\\' ? code : String.fromCharCode(Number.parseInt(code, 16)),
    );
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
};

/** At the end of a block whose statements the restoring login may not be allowed, or which name what its server lacks: then nothing is done. */
export const unlessRefused =
  ' EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;';

/** The body as a block, quoted with dollars of which it has none itself: names, values and comments may hold anything. */
export function block(body: string): string {
  let tag = '$do$';
  for (let n = 1; body.includes(tag); n += 1) tag = `$do${n}$`;
  return `DO ${tag} ${body} ${tag};`;
}

/**
 * The names in a list that PostgreSQL stores as text, as its own `SplitGUCList` reads it; null where it is no such list. Whoever may set it
 * for a role, the role itself included, may write anything there.
 */
function namesIn(list: string): string[] | null {
  const names: string[] = [];
  const part = /\s*(?:"((?:[^"]|"")+)"|([^\s,"]+))\s*(,|$)/y;
  for (;;) {
    const [, quoted, plain, end] = part.exec(list) ?? [];
    if (end === undefined) return null;
    names.push(plain ?? quoted!.replaceAll('""', '"'));
    if (end === '') return names;
  }
}

/** `name TO value` of the settings that a catalogue has as `name=value`. */
export const settingsIn = (config: readonly string[]): string[] =>
  config.flatMap((setting) => {
    const at = setting.indexOf('=');
    const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
    if (!/^[\w.]+$/.test(name)) return [];
    const names = isList.test(name) ? namesIn(value) : null;
    return [`${name} TO ${(names ?? [value]).map(literal).join(', ')}`];
  });
