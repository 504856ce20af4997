/** Characters that a terminal, or YAML, would obey or change. */

// JSON does not escape DEL, C1 controls and the marks that reorder text; escaped, they mean the same. YAML forbids halves of
// a pair, U+FFFE and U+FFFF, too.
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]/gu;

/** Whether a terminal, or YAML, would obey or change something in it. */
export const isHidden = (text: string): boolean => text.search(hidden) >= 0;

/** The text with `\u....` for each such character; valid only inside double quotes. */
export const escapeHidden = (text: string): string =>
  text.replaceAll(hidden, (found) =>
    [...Array(found.length).keys()]
      .map((unit) => `\\u${found.charCodeAt(unit).toString(16).padStart(4, '0')}`)
      .join(''),
  );

/** The text with these escapes for YAML. Its readers take each half of a pair for a character: pairs become `\U........`. */
export const escapeHiddenInYaml = (text: string): string =>
  text.replaceAll(hidden, (found) => {
    const code = found.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
