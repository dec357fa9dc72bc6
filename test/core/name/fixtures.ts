/** Name records of test agents. */

import type { Signer } from '../../../src/core/ed25519.ts';
import type { Delegation } from '../../../src/core/identity/delegation.ts';
import {
  type NameMeaning,
  type NameRecord,
  type NamespaceProfile,
  type NameTarget,
  signNameRecord,
} from '../../../src/core/name/name-record.ts';
import { signingKeyOf, type TestAgent } from '../../helpers/test-agent.ts';

export const startSeconds = 1_800_000_000;

export interface Saying {
  readonly issuedAt?: number;
  readonly hours?: number;
  readonly isBlinded?: boolean;
  readonly token?: Delegation;
  readonly signer?: Signer;
}

/** What that namespace says of a label, signed by its current key. */
export function named(
  agent: TestAgent,
  label: string,
  target: NameTarget,
  { issuedAt = startSeconds, ...saying }: Saying = {},
): NameRecord {
  return said(agent, label, { kind: 'target', target }, { issuedAt, ...saying });
}

export function withdrawn(agent: TestAgent, label: string, issuedAt = startSeconds): NameRecord {
  return said(agent, label, { kind: 'withdrawn' }, { issuedAt });
}

/** What it says of itself. */
export function described(
  agent: TestAgent,
  profile: Partial<NamespaceProfile>,
  issuedAt = startSeconds,
): NameRecord {
  const whole: NamespaceProfile = { policy: 'open', claims: [], target: null, ...profile };
  return said(agent, '_', { kind: 'profile', profile: whole }, { issuedAt });
}

function said(
  agent: TestAgent,
  label: string,
  meaning: NameMeaning,
  { issuedAt = startSeconds, signer = signingKeyOf(agent), ...rest }: Saying,
): NameRecord {
  return signNameRecord({ keyState: agent.state.keyState, signer, label, meaning, issuedAt, ...rest });
}
