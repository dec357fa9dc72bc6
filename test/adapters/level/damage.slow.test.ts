/** Flipped bits, often enough to hit every kind of byte that LevelDB writes. */
import { describe, it } from 'vitest';
import { assertFlipsAreNoticed } from './damage-survey.ts';

describe('a flipped bit', () => {
  it.each(['the log', 'the tables', 'the roster'] as const)(
    'anywhere in %s never yields a wrong value, and nothing is lost unreported',
    (place) => assertFlipsAreNoticed(place, 500),
  );
});
