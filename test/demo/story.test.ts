import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createStory } from '../../demo/lib/story.ts';

/** Everything that was written, and what a terminal of that width would still show. */
function createOutput(isTTY: boolean, columns = 100) {
  const written: string[] = [];
  return {
    written,
    output: { isTTY, columns, write: (text: string) => void written.push(text) },
    text: () => written.join(''),
  };
}

describe('a story', () => {
  it('is plain lines where the output is no terminal: steps first, their details below', () => {
    const { output, text } = createOutput(false);
    const story = createStory(output, true);
    story.title('the title');
    story.begin('one', 'the first step');
    story.say('a detail');
    story.cell({ name: 'n1', mood: 'up', word: 'up' });
    story.end(true, 12.4, null);
    story.begin('two', 'the second step');
    story.end(false, 3, 'it did not hold');
    story.close();
    const lines = text().split('\n');
    expect(lines[0]).toBe('the title');
    expect(lines[1]).toMatch(/^✓ {2}1 the first step +12 ms$/);
    expect(lines[2]).toBe('     a detail');
    expect(lines[3]).toMatch(/^✗ {2}2 the second step +3 ms$/);
    expect(lines[4]).toBe('     it did not hold');
    expect(text()).not.toContain('\x1b');
  });

  it('shows the nodes live on a terminal, within its width, and leaves nothing of that behind', () => {
    const { output, text, written } = createOutput(true, 50);
    const story = createStory(output, false);
    for (let index = 1; index <= 8; index++) story.cell({ name: `n${index}`, mood: 'up', word: 'rotated' });
    story.begin('one', 'a step');
    const drawn = written.at(-1)!;
    expect(drawn).toContain('n1 ● rotated');
    for (const line of stripVTControlCharacters(drawn).split('\n')) {
      expect(line.replaceAll('\r', '').length).toBeLessThan(50);
    }
    story.end(true, 1, null);
    story.close();
    expect(written.at(-1)).toBe('\r\x1b[J');
    for (const code of [31, 32, 36]) expect(text()).not.toContain(`\x1b[${code}m`);
  });

  it('has colours on a terminal that wants them', () => {
    const { output, text } = createOutput(true);
    const story = createStory(output, true);
    story.begin('one', 'a step');
    story.end(true, 1, null);
    story.close();
    expect(text()).toContain('\x1b[32m✓\x1b[0m');
  });
});
