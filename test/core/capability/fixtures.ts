/** Announcements of test agents. */
import { type CapabilityAnnouncement, signCapabilities } from '../../../src/core/capability/announcement.ts';
import { signingKeyOf, type TestAgent } from '../../helpers/test-agent.ts';

export const startSeconds = 1_800_000_000;

/** What that agent says it can do, signed by its current key. */
export function announced(
  agent: TestAgent,
  tags: readonly string[],
  issuedAt: number = startSeconds,
  hours = 24,
): CapabilityAnnouncement {
  return signCapabilities({
    keyState: agent.state.keyState,
    signer: signingKeyOf(agent),
    tags,
    issuedAt,
    hours,
  });
}
