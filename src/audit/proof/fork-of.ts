/** Two checkpoints of one log, one size and two roots: all that it takes to show that its node signed two trees. */
import { bytesEqual } from '../../core/bytes.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import type { LogForkFile } from './proof-file.ts';

/** Null where the two do not contradict one another by themselves. */
export function forkOf(one: Checkpoint, other: Checkpoint): LogForkFile | null {
  if (one.origin !== other.origin || one.size !== other.size || bytesEqual(one.root, other.root)) return null;
  return {
    kind: 'log-fork',
    first: { checkpoint: one.note, entry: null },
    second: { checkpoint: other.note, entry: null },
  };
}
