/** What a storing peer and a searcher check of an announcement beside its time (§7), cheapest first. */
import type { SignatureCheck } from '../ed25519.ts';
import type { KeyState } from '../identity/key-state.ts';
import { admitLog } from '../place/signed-item.ts';
import { type CapabilityAnnouncement, capabilitiesCheck } from './announcement.ts';

export interface CapabilityAdmission {
  /** The digest of the key event under which it is signed. */
  readonly establishment: Uint8Array;
  readonly checks: readonly SignatureCheck[];
}

/**
 * Judges an announcement by its own log and by the agent's held one.
 * @param held where the agent's authority stands as far as this peer knows, verified; null when it knows nothing.
 * @throws ProtocolError `forked`, `tombstoned`, `wrong-establishment`, `bad-key-log`.
 */
export function admitCapabilities(
  announcement: CapabilityAnnouncement,
  held: KeyState | null,
): CapabilityAdmission {
  const { keyState, signingKey, checks } = admitLog(announcement, held);
  return {
    establishment: keyState.establishment,
    checks: [...checks, capabilitiesCheck(announcement, keyState, signingKey)],
  };
}
