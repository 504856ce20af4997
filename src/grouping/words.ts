/**
 * Words that mean the same in every log, by the hash of their folded text; the text is compared as well, so that a
 * word which was made to have the same hash is not taken for one of them.
 */
import { fold } from './characters.ts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** FNV-1a over the folded code units of `text` from `start` to `end`. */
export function hashOf(text: string, start = 0, end = text.length): number {
  let hash = offsetBasis;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ fold(text.charCodeAt(at)), prime);
  return hash | 0;
}

/** Whether `text` from `start` on, to `end`, is `word`, whatever the case. */
export function isWord(word: string, text: string, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at++)
    if (fold(word.charCodeAt(at)) !== fold(text.charCodeAt(start + at))) return false;
  return true;
}

export class WordSet {
  readonly #words: Map<number, string>;
  readonly #maxLength: number;

  constructor(words: string) {
    const all = words.trim().split(/\s+/);
    this.#words = new Map(all.map((word) => [hashOf(word), word]));
    this.#maxLength = Math.max(...all.map(({ length }) => length));
  }

  has(text: string, start = 0, end = text.length): boolean {
    return (
      end - start <= this.#maxLength && this.hasHashed(hashOf(text, start, end), text, start, end)
    );
  }

  /** The same where the hash is known. */
  hasHashed(hash: number, text: string, start: number, end: number): boolean {
    const word = this.#words.get(hash);
    return word !== undefined && isWord(word, text, start, end);
  }
}

/** Behind a number they belong to it: the same message writes 5 KB today and 3 MB tomorrow. */
export const units = new WordSet(`
  b kb mb gb tb pb kib mib gib tib byte bytes kilobyte kilobytes megabyte megabytes gigabyte gigabytes
  ns us ms s sec secs second seconds msec msecs millis millisecond milliseconds microsecond microseconds nanosecond nanoseconds
  m min mins minute minutes h hr hrs hour hours d day days week weeks month months year years
  hz khz mhz ghz am pm utc gmt percent pct`);

/** Beside a number they are a part of a date. */
export const calendar = new WordSet(`
  mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
  jan feb mar apr may jun jul aug sep sept oct nov dec
  january february march april june july august september october november december`);

/** Behind `=` or `:` they are values, as a number would be. */
export const literals = new WordSet('true false null nil none undefined yes no on off nan inf');

/** Of these one alone is what a message says. */
export const answers = new WordSet('true false yes no');

/** What stands behind one of these and `=` says what happened: its words tell messages apart. */
export const tellingKeys = new WordSet(`
  msg message error err reason cause exception exc description desc detail details title text event code errno status state result
  level lvl severity type kind action method op operation`);

/** Several words in quotes behind one of these are a value, and no sentence. */
export const valueNouns = new WordSet(
  'value entry literal name named title label string input argument user username table relation column database schema',
);

/** Names in which a digit is a letter like any other: two messages with S3 and EC2 are two. */
export const namesWithDigits = new WordSet(`
  s3 ec2 r53 r2 b2 k8s i18n l10n a11y e2e p2p b2b b2c log4j slf4j neo4j d3 web3 oauth1 oauth2 saml2 openid2 2fa h2 h2c h3
  http1 http2 http3 ssl2 ssl3 tls1 ipv4 ipv6 ip4 ip6 inet4 inet6 ipv4only ipv6only socks4 socks5 ssh1 ssh2 smb1 smb2 smb3 nfs3 nfs4
  md4 md5 sha1 sha2 sha3 sha224 sha256 sha384 sha512 blake2 ed25519 x25519 x509 pkcs1 pkcs7 pkcs8 pkcs12 p12 aes128 aes256 rc4
  base16 base32 base58 base64 utf8 utf16 utf32 utf8mb3 utf8mb4 latin1 iso8859 crc32 md5sum sha1sum bzip2 gzip2 lz4 7z mp3 mp4 h264 h265
  int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 decimal128 bigint64 i8 i16 i32 i64 u8 u16 u32 u64 f32 f64
  x86 x64 x86_64 amd64 arm64 win32 win64 i386 i686 es5 es6 python2 python3 py3 lua5 vue2 vue3 db2 sqlite3 psycopg2 boto3 jinja2 urllib3
  l1 l2 l3 l4 l7 ext2 ext3 ext4 raid0 raid1 raid5 raid6 raid10 usb1 usb2 usb3 i2c c14n`);

/** A dotted name that ends so is a host's. */
export const domains = new WordSet(
  'com net org edu gov mil info biz local internal lan localdomain arpa',
);
/** Before a country's two letters, as in `ac.uk`. */
export const secondLevel = new WordSet('com co net org edu ac gov or ne go');
