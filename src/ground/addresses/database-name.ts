/**
 * The name of the database in an address, as PostgreSQL's own programs (libpq) understand it: all behind the first slash, with every
 * percent-encoded character decoded. `pg` leaves those of `/ ? # ; : @ & = + $ ,` encoded, and so asks for a database of another name.
 * Null where the address names none, or is not a URL, or where what it has is no encoding.
 */
export function databaseNameIn(address: string): string | null {
  if (!URL.canParse(address)) return null;
  try {
    return decodeURIComponent(new URL(address).pathname.slice(1)) || null;
  } catch {
    return null;
  }
}
