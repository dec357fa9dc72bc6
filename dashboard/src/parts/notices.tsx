/** What stands in the way right now: a node that is silent, a stream that is lost, a disk that is full. */
import { isTokenWanted } from '../api/client.ts';
import { failure, status, streamState } from '../node-state.ts';
import { counted } from '../words.ts';

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices().map((notice) => (
        <p key={notice}>{notice}</p>
      ))}
    </div>
  );
}

function notices(): readonly string[] {
  if (isTokenWanted.value) return [];
  const found: string[] = [];
  const { value: fault } = failure;
  if (fault !== null)
    found.push(`${fault.message} ${sentence(fault.hint ?? '')} What is shown is the last that was heard.`);
  else if (streamState.value === 'lost')
    found.push('The stream of changes is interrupted; the page is connecting again.');
  const store = status.value?.store;
  if (store?.full) found.push('The disk is full: this node takes no new records until space is freed.');
  if (store !== undefined && store.quarantined > 0) {
    found.push(
      `${counted(store.quarantined, 'entry', 'entries')} of the store were damaged and are fetched again from the network.`,
    );
  }
  return found;
}

function sentence(text: string): string {
  if (text === '') return '';
  const upper = text[0]!.toUpperCase() + text.slice(1);
  return upper.endsWith('.') ? upper : `${upper}.`;
}
