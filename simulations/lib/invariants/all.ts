/** What every run of a scenario is checked for. */
import type { PeerConfig } from '../../../src/core/peer/peer-config.ts';
import { acknowledgedIsKept } from './acknowledged-is-kept.ts';
import { duplicityIsFlagged } from './duplicity-is-flagged.ts';
import type { Invariant } from './invariant.ts';
import { markNeverBack } from './mark-never-back.ts';
import { mergesAgree } from './merges-agree.ts';
import { nothingAfterRevocation } from './nothing-after-revocation.ts';
import { onlyWhatWasSigned } from './only-what-was-signed.ts';
import { replicasAgree } from './replicas-agree.ts';
import { withinBudgets } from './within-budgets.ts';

/** @param parts.faultsOverMs asked at the end; `parts.canFill`: disks may be full. */
export function allInvariants(parts: {
  readonly config: PeerConfig;
  readonly canFill: boolean;
  nowMs(): number;
  faultsOverMs(): number;
}): readonly Invariant[] {
  const { nowMs } = parts;
  const nowSeconds = (): number => Math.floor(nowMs() / 1000);
  return [
    acknowledgedIsKept(nowSeconds),
    nothingAfterRevocation(),
    onlyWhatWasSigned(),
    markNeverBack(),
    replicasAgree(),
    mergesAgree(nowSeconds),
    duplicityIsFlagged(nowMs, parts.faultsOverMs),
    withinBudgets(parts.config, parts.canFill),
  ];
}
