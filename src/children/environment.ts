import { getCompileCacheDir } from 'node:module';
import { markName } from './processes.ts';

/**
 * Variables that say where programs, certificates and passwords are found, and how time, text and host names are read.
 */
const wanted = [
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'OPENSSL_CONF',
  'PGPASSFILE',
  'RES_OPTIONS',
  'LOCALDOMAIN',
  'HOSTALIASES',
];

/** What a child inherits: no settings or secrets that it does not need. `mark` is the mark of this child. */
export function environmentOf(mark: string): NodeJS.ProcessEnv {
  const compiled = getCompileCacheDir();
  return {
    ...Object.fromEntries(
      wanted.flatMap((name) =>
        process.env[name] === undefined ? [] : [[name, process.env[name]]],
      ),
    ),
    [markName]: mark,
    // Most of a start is the compilation of modules: when this process caches compiled modules, its children use the
    // cache.
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  };
}

/** Flags of Node that concern connections: TLS trust and name resolution. */
const flag =
  /^--(no-)?(use-(openssl|bundled|system)-ca|openssl-(config|legacy-provider|shared-config)|tls-(cipher-list|(min|max)-v1\.\d)|(enable|force)-fips|dns-result-order|network-family-autoselection(-attempt-timeout)?|enable-network-family-autoselection)(=|$)/;

/** The value of these flags may follow as a separate argument. */
const takesValue =
  /^--(openssl-config|tls-cipher-list|dns-result-order|network-family-autoselection-attempt-timeout)$/;

/** Split as Node splits NODE_OPTIONS: by spaces, with double quotes and backslash escapes. */
const wordsOf = (options: string): string[] =>
  (options.match(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g) ?? []).map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/g, (_, quoted: string) => quoted.replace(/\\(.)/g, '$1')),
  );

/**
 * The flags among these with which this process was started, from NODE_OPTIONS and from the command line, which comes
 * last and wins.
 */
export function connectionFlags(
  options = process.env.NODE_OPTIONS ?? '',
  line: readonly string[] = process.execArgv,
): string[] {
  const words = [...wordsOf(options), ...line];
  return words.flatMap((word, at) => {
    if (!flag.test(word)) return [];
    const value = takesValue.test(word) ? words[at + 1] : undefined;
    return [value === undefined ? word : `${word}=${value}`];
  });
}
