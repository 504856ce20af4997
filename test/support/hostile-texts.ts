/** Text that would move the cursor, colour, reorder, hide, or be a line of its own; as it may come in a log. */
export const hostileTexts = [
  'a\u001B[2J\u001B[31mb\rc\nd\u009B31me\u202Ef\u200Bg',
  '\u001B[1;1HT-999 critical forged\u001B[K',
  '\u001B]0;title\u0007\u001B]52;c;aGk=\u0007\u001B]8;;http://x\u0007link\u001B]8;;\u0007',
  '\u001BP1$tx\u001B\\\u001B_x\u001B\\\u0090x\u009C\u009D0;x\u009C',
  'up\u001B[A\u001B[A\u001B[Aforged\u001B[?1049l\u001B[?2004l',
  `z${'\u0300\u0301'.repeat(400)}algo`,
  '\u{E0041}\u{E0042}\u2066\u2067x\u2069\u061C\u00AD\uFEFF\u2028\u2029',
  '\b\b\b\b\u007F\u0000\u000E\u000F\v\f\t',
  '\uD800lone\uDFFF',
  '漢字漢字👨‍👩‍👧‍👦🏳️‍🌈🇩🇪e\u0301क्ष्म्य한글ᄀᄀᄀ각ᆨᆨ',
  '\u3164\u115F\u2800\uFFA0\u180E\u{1D159}',
  `${'x'.repeat(5000)}\n${'y\n'.repeat(300)}`,
];
