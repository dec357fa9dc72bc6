/**
 * A bundle (§2): everything that is stored and sent of one agent, and that proves itself: the record and its key log.
 * The bytes are in bundle-codec, what a peer refuses in bundle-validate.
 */
import type { KeyEvent } from '../identity/key-event.ts';
import type { RecordState } from './record-state.ts';

export interface Bundle extends RecordState {
  /** The inception first; at most 96. */
  readonly keyEvents: readonly KeyEvent[];
}
