/** The record protocol's messages (docs/protocol.md §4, §6). */
import { describe, expect, it } from 'vitest';
import {
  decodeFindAnswers,
  decodePutAnswers,
  decodeRequest,
  encodeFailure,
  encodeRequest,
} from '../../../src/core/overlay/message.ts';
import { fuzzDecoder } from '../../helpers/mutate.ts';
import { messageDecoders, samples } from './message-decoders.ts';

const seed = Number(process.env['WEFT_TEST_SEED'] ?? 7);

describe('the messages of the record protocol', () => {
  it('come back from their bytes as they went in', () => {
    for (const bytes of samples.requests) {
      expect(Buffer.from(encodeRequest(decodeRequest(bytes))).equals(bytes)).toBe(true);
    }
    const found = decodeFindAnswers(samples.findAnswers[0]!, 4);
    expect(found.map((answer) => (answer.record instanceof Uint8Array ? 'bundle' : answer.record))).toEqual([
      'bundle',
      null,
      'not-newer',
      'ask-again',
    ]);
    expect(found[0]!.closer).toEqual(found[1]!.closer);
    expect(decodePutAnswers(samples.putAnswers[0]!, 2).map((answer) => answer.status)).toEqual([
      'stored',
      'stale',
    ]);
  });

  it('name each closer peer once, however many answers point at it', () => {
    const text = Buffer.from(samples.findAnswers[0]!).toString('latin1');
    expect(text.split('/ip4/127.0.0.1/tcp/4001')).toHaveLength(2);
  });

  it('carry the responder’s own code when it failed', () => {
    expect(() => decodeFindAnswers(encodeFailure('over-quota'), 1)).toThrowError(
      expect.objectContaining({ code: 'over-quota' }),
    );
  });

  it('refuse an answer with more or fewer rows than were asked for', () => {
    expect(() => decodeFindAnswers(samples.findAnswers[0]!, 3)).toThrowError(
      expect.objectContaining({ code: 'wrong-shape' }),
    );
    expect(() => decodePutAnswers(samples.putAnswers[0]!, 1)).toThrowError(
      expect.objectContaining({ code: 'wrong-shape' }),
    );
  });

  it.each(messageDecoders)(
    `%s: refuses 2,000 mutations with a typed error or reads them (seed ${seed})`,
    (_, decode, valid) => {
      for (const bytes of valid) expect(() => decode(bytes)).not.toThrow();
      const { refused, taken } = fuzzDecoder(decode, valid, { inputs: 2_000, seed });
      expect(refused + taken).toBe(2_000);
      expect(refused).toBeGreaterThan(500);
    },
  );
});
