/** The fields of the record, each with who said it: the fence of the controller or a delegate, or one operation on it. */
import { Fragment } from 'preact';
import type { Origin, Pointer, Resolution, ResolveStatus } from '../api/answers.ts';
import { Copyable } from '../parts/copyable.tsx';
import { clock, duration, short } from '../words.ts';

const rows = [
  { name: 'primary', label: 'Primary facts' },
  { name: 'private', label: 'Private facts' },
  { name: 'adaptive', label: 'Adaptive resolver' },
] as const;

const noRecord: Readonly<Record<ResolveStatus, string>> = {
  ok: 'There is none.',
  rekeyed: 'There is none yet: the new keys have signed nothing.',
  expired: 'There is none any more: nobody renewed it.',
  forked: 'There is none that counts while the keys contradict each other.',
  tombstoned: 'There is none any more: the agent has ended.',
  'not-found': 'There is none.',
  'rolled-back': 'Nobody shows the one that this node has seen.',
};

export function RecordTable({ resolution }: { readonly resolution: Resolution }) {
  const { record } = resolution;
  if (record === null) return <p class="empty">{noRecord[resolution.status]}</p>;
  const { fields } = record;
  return (
    <>
      <table class="record">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Came from</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, label }) => (
            <tr key={name}>
              <th scope="row">{label}</th>
              <td data-label="Value">
                <Value pointer={fields[name]} />
              </td>
              <td data-label="Came from">
                <From origin={fields[name].origin} resolution={resolution} />
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">Time to live</th>
            <td data-label="Value">{duration(fields.ttl.seconds)}</td>
            <td data-label="Came from">
              <From origin={fields.ttl.origin} resolution={resolution} />
            </td>
          </tr>
        </tbody>
      </table>
      <p class="bytes">
        <span>{record.bytes.length / 2} of 120 bytes, signed</span>
        <Copyable text={record.bytes} what="the record in hexadecimal" />
      </p>
    </>
  );
}

/** As text, whatever it says: what a stranger signed is nothing to click on. */
function Value({ pointer: { url, blindedDigest } }: { readonly pointer: Pointer }) {
  if (url !== null) return <Url url={url} />;
  if (blindedDigest !== null) {
    return (
      <>
        <code>{short(blindedDigest)}</code>{' '}
        <span class="quiet">blinded: who was given the URL can check it</span>
      </>
    );
  }
  return <span class="quiet">none</span>;
}

/** Broken behind its slashes, when it must be. */
function Url({ url }: { readonly url: string }) {
  const parts = url.split(/(?<=[^/]\/)(?=[^/])/);
  return (
    <span class="url">
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </span>
  );
}

function From({ origin, resolution }: { readonly origin: Origin; readonly resolution: Resolution }) {
  const record = resolution.record!;
  const grant = resolution.delegations.find((one) => one.slot === origin.slot);
  const who = origin.slot === 0 ? 'controller' : `delegate ${origin.slot}`;
  const operation = record.operations.find((one) => one.digest === origin.operation);
  const issuedAt = operation?.issuedAt ?? record.issuedAt;
  return (
    <span class={`origin ${origin.slot === 0 ? 'controller' : 'delegate'}`}>
      <b>{who}</b> {origin.kind === 'fence' ? 'in the fence' : `in operation ${operation?.n ?? ''}`}
      <span class="quiet">
        {grant === undefined ? '' : `key ${short(grant.audience)}, `}
        <time dateTime={issuedAt}>{clock(Date.parse(issuedAt))}</time>,{' '}
        <code>{short(origin.operation ?? record.fence)}</code>
      </span>
    </span>
  );
}
