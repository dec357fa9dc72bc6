/**
 * Which writing systems may stand together in one label: one, or those that one language mixes. A label of Latin letters
 * with one Cyrillic among them looks like another label, and is refused. Source: Unicode TR 39, "highly restrictive".
 */

/** Sets that one language writes together; Latin beside the East Asian ones, never beside Cyrillic or Greek. */
const together: readonly (readonly string[])[] = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];
const scripts = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Thai',
  'Georgian',
  'Hangul',
  'Hiragana',
  'Katakana',
  'Bopomofo',
  'Han',
] as const;
/** Made when the first is asked for: tables of characters are large. */
const patternByScript = new Map<string, RegExp>();
const common = /^[\p{Script=Common}\p{Script=Inherited}]$/u;

/** True when the characters of a label belong to one script, or to scripts that one language writes together. */
export function isOfOneScript(label: string): boolean {
  if (/^[\x20-\x7e]*$/.test(label)) return true;
  // Of each character, the scripts that it may belong to; what belongs to all says nothing.
  const sets: ReadonlySet<string>[] = [];
  for (const character of label) {
    if (common.test(character) && !/\p{scx=Han}|\p{scx=Hiragana}/u.test(character)) continue;
    const fitting = scripts.filter((script) => patternOf(script).test(character));
    // A script beyond the list is judged by itself: it stands alone.
    sets.push(new Set(fitting.length > 0 ? fitting : ['other']));
  }
  if (sets.length === 0) return true;
  const singles = [...scripts, 'other'].map((script) => [script]);
  return [...singles, ...together].some((allowed) =>
    sets.every((set) => allowed.some((script) => set.has(script))),
  );
}

function patternOf(script: string): RegExp {
  const made = patternByScript.get(script) ?? new RegExp(`^\\p{scx=${script}}$`, 'u');
  patternByScript.set(script, made);
  return made;
}
