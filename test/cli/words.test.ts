import { describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/terminal.ts';
import { counted, durationWords, parseDuration, relativeTime, sizeWords } from '../../src/cli/words.ts';

describe('words', () => {
  it('say durations in their two largest units', () => {
    const words = [0, 59, 60, 3599, 3600, 86_399, 172_800, 200_000].map(durationWords);
    expect(words).toEqual(['0 s', '59 s', '1 min', '59 min 59 s', '1 h', '23 h 59 min', '2 d', '2 d 7 h']);
    expect(relativeTime('2026-01-01T00:01:00Z', Date.parse('2026-01-01T00:00:00Z'))).toBe('in 1 min');
    expect(relativeTime('2026-01-01T00:00:00Z', Date.parse('2026-01-01T02:00:00Z'))).toBe('2 h ago');
  });

  it('say sizes with three digits, and count in the plural', () => {
    expect([0, 999, 1000, 1_234_567, 84_400_000_000].map(sizeWords)).toEqual([
      '0 B',
      '999 B',
      '1.00 kB',
      '1.23 MB',
      '84.4 GB',
    ]);
    expect([counted(1, 'peer'), counted(0, 'peer'), counted(2, 'entry')]).toEqual([
      '1 peer',
      '0 peers',
      '2 entries',
    ]);
  });

  it('read durations, and refuse what is none', () => {
    expect(['90', '90s', '15m', '12h', '7d'].map(parseDuration)).toEqual([90, 90, 900, 43_200, 604_800]);
    for (const text of ['', 'soon', '1.5h', '-1', '1w', '1e9'])
      expect(() => parseDuration(text), text).toThrow(/is not a duration/);
  });

  it('stand in columns, whatever their colours', () => {
    expect(
      columns([
        ['a', '\u001b[32mgreen\u001b[39m', 'x'],
        ['long', 'b', ''],
      ]),
    ).toEqual(['a     \u001b[32mgreen\u001b[39m  x', 'long  b']);
  });
});
