/** As much of a text as is read, without halves of characters: PostgreSQL cannot store them. */
export function readable(text: string, maxLength: number): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  return bounded.isWellFormed() ? bounded : bounded.toWellFormed();
}
