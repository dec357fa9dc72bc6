/** Search by capability as an embedding program wants it: somebody answered, or it is said why nobody did. */
import type { CapabilitySearch } from '../core/peer/effects.ts';
import type { SearchOptions } from '../driver/call-types.ts';
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { Contact } from './contact.ts';
import { silenceOf } from './light-error.ts';

/** @param contact tells silence from absence */
export function createLightSearch(
  calls: Pick<NetworkCalls, 'search'>,
  contact: Contact,
): (tag: string, options?: SearchOptions) => Promise<CapabilitySearch> {
  return async (tag, options) => {
    const found = await calls.search(tag, options);
    if (found.responders > 0) return found;
    throw silenceOf(contact, 'no storing peer of the tag gave an answer: try again');
  };
}
