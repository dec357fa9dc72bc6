/** What the answers amount to, in one word and one sentence. */
import type { Resolution, ResolveStatus } from '../api/answers.ts';
import { nowMs } from '../node-state.ts';
import { counted, duration, instant, latency } from '../words.ts';

const words: Readonly<
  Record<ResolveStatus, { readonly name: string; readonly mood: string; readonly says: string }>
> = {
  ok: {
    name: 'Holds',
    mood: 'good',
    says: 'Every signature checks out, and the record is within its validity.',
  },
  rekeyed: {
    name: 'Rekeyed',
    mood: 'warn',
    says: 'The keys were changed, and the new ones have signed no record yet.',
  },
  expired: {
    name: 'Expired',
    mood: 'warn',
    says: 'The signed validity of the record is over; nobody renewed it.',
  },
  forked: {
    name: 'Forked',
    mood: 'bad',
    says: 'Two key events contradict each other. Nothing of this agent counts until its recovery key decides.',
  },
  tombstoned: { name: 'Revoked', mood: 'bad', says: 'The agent has ended, for ever.' },
  'not-found': { name: 'Not found', mood: 'warn', says: 'Nobody who answered knows this agent.' },
  'rolled-back': {
    name: 'Rolled back',
    mood: 'bad',
    says: 'This node has seen a newer record than anybody shows: somebody withholds it.',
  },
};

interface VerdictProps {
  readonly resolution: Resolution;
  readonly tookMs: number;
  readonly isAsking: boolean;
  readonly onAsk: () => void;
}

export function Verdict({ resolution, tookMs, isAsking, onAsk }: VerdictProps) {
  const { status, keys, record } = resolution;
  const { name, mood, says } = words[status];
  const reason = keys?.endReason == null ? '' : ` Reason: ${keys.endReason}.`;
  return (
    <div class={`verdict ${mood}`}>
      <p class="word" role="status">
        {name}
      </p>
      <p class="says">
        {says}
        {reason}
      </p>
      <dl class="facts-row">
        {record !== null && <Life resolution={resolution} />}
        <div>
          <dt>Answered</dt>
          <dd>
            {resolution.cached
              ? 'from the cache of this node, within the ttl'
              : `${counted(resolution.holders, 'holder')} among ${counted(resolution.responders.length, 'answer')}`}
            , in {latency(tookMs)}
          </dd>
        </div>
      </dl>
      <button type="button" onClick={onAsk} disabled={isAsking}>
        {isAsking ? 'Asking…' : 'Ask the network'}
      </button>
    </div>
  );
}

/** Signed when, and how much of its validity is left. */
function Life({ resolution: { record } }: { readonly resolution: Resolution }) {
  const { issuedAt, expiresAt, validitySeconds } = record!;
  const leftSeconds = (Date.parse(expiresAt) - nowMs.value) / 1000;
  const left = Math.min(1, Math.max(0, leftSeconds / validitySeconds));
  return (
    <>
      <div>
        <dt>Signed</dt>
        <dd>
          {instant(issuedAt)}
          <span class="quiet"> {duration((nowMs.value - Date.parse(issuedAt)) / 1000)} ago</span>
        </dd>
      </div>
      <div>
        <dt>Validity</dt>
        <dd>
          <meter min={0} max={1} low={0.15} value={left} aria-label="validity left" />{' '}
          {leftSeconds > 0 ? `${duration(leftSeconds)} left` : `over since ${instant(expiresAt)}`}
        </dd>
      </div>
    </>
  );
}
