/** The key log as a thread with a knot for each event: which key signed from when to when. */
import type { History, HistoryEvent } from '../api/answers.ts';
import { Copyable } from '../parts/copyable.tsx';
import { duration, instant, short } from '../words.ts';

const wordsByType: Readonly<Record<HistoryEvent['type'], string>> = {
  icp: 'Inception',
  rot: 'Rotation',
  rec: 'Recovery',
  tomb: 'End',
};
const signerByType: Readonly<Record<HistoryEvent['type'], string>> = {
  icp: 'signed by the first key itself',
  rot: 'signed by the rotation key that stood ready',
  rec: 'signed by the recovery key',
  tomb: 'signed by the key that it reveals',
};

export function KeyTimeline({ history }: { readonly history: History }) {
  const { events, proof } = history;
  return (
    <>
      <ol class="timeline">
        {events.map((event) => (
          <li key={event.digest} class={`${event.type} ${event.validUntil === null ? 'current' : ''}`}>
            <p class="what">
              <b>{wordsByType[event.type]}</b> <span class="quiet">event {event.sequence}</span>
              <time dateTime={event.issuedAt}>{instant(event.issuedAt)}</time>
            </p>
            <p>
              {event.signingKey === null ? (
                <>no key signs any more{event.reason === null ? '' : `: ${event.reason}`}</>
              ) : (
                <>
                  key <Copyable text={event.signingKey} what="the signing key" /> <Period event={event} />
                </>
              )}
            </p>
            <p class="quiet">
              {signerByType[event.type]}, <code title={event.digest}>{short(event.digest)}</code>
            </p>
          </li>
        ))}
        {proof?.map((event) => (
          <li key={event.digest} class="fork">
            <p class="what">
              <b>Contradiction</b> <span class="quiet">{event.type}</span>
              <time dateTime={event.issuedAt}>{instant(event.issuedAt)}</time>
            </p>
            <p class="quiet">
              <code title={event.digest}>{short(event.digest)}</code>
            </p>
          </li>
        ))}
      </ol>
      <p class="note">
        The times are those that the events state. They are not proven, and never decide what holds.
      </p>
    </>
  );
}

function Period({ event: { validFrom, validUntil } }: { readonly event: HistoryEvent }) {
  if (validUntil === null) return <span class="now">signs now</span>;
  const seconds = (Date.parse(validUntil) - Date.parse(validFrom)) / 1000;
  return <span class="quiet">signed for {duration(seconds)}</span>;
}
