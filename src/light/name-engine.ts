/**
 * From a name to its agent for an embedding program, loaded with the first name: what the owner of the namespace says, and,
 * where there is a DNS to ask, what a zone says. Asks no registry: where one has the answer, its URL is told. A name that
 * nobody could be asked about is not one that is not there.
 */
import type { NetworkCalls } from '../driver/network-calls.ts';
import type { NamePorts } from '../names/name-types.ts';
import { NamesError, type NamesErrorCode } from '../names/names-error.ts';
import { resolveName } from '../names/resolve-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Contact } from './contact.ts';
import { LightNodeError, type LightNodeErrorCode, silenceOf } from './light-error.ts';
import type { LightNode, LightNodeOptions, LightParts } from './light-types.ts';

export interface NameEngineParts {
  readonly calls: Pick<NetworkCalls, 'lookUpName'>;
  readonly resolve: LightNode['resolve'];
  readonly openZones: LightParts['openZones'];
  readonly contact: Contact;
  readonly clock: Clock;
  readonly settings: LightNodeOptions['names'];
}

/** Every other code: the name leads to nobody. */
const codeByNamesCode: Readonly<Partial<Record<NamesErrorCode, LightNodeErrorCode>>> = {
  'bad-name': 'bad-argument',
  'no-home': 'bad-argument',
  'agent-not-active': 'agent-not-active',
  'namespace-not-active': 'agent-not-active',
  unsettled: 'no-usable-answers',
  'dns-failed': 'no-usable-answers',
  'dns-too-slow': 'no-usable-answers',
};

const noZones: NamePorts['zones'] = {
  async read(fqdn) {
    throw new NamesError(
      'bad-name',
      `${fqdn} is a name of the DNS, which a page cannot ask: here names stand under the id of an agent`,
    );
  },
};

/** Its errors are LightNodeErrors, with the NamesError as their cause. */
export function createNameEngine(parts: NameEngineParts): LightNode['resolveName'] {
  const { calls, contact, clock, settings: { home = [], resolver = 'system' } = {} } = parts;
  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  let zones: Promise<NamePorts['zones']> | null = null;

  const ports: NamePorts = {
    async lookUp(agentId, point, options) {
      const found = await calls.lookUpName(agentId, point, options);
      if (found.responders > 0) return found;
      throw silenceOf(contact, 'no storing peer of the name gave an answer: try again');
    },
    resolve: parts.resolve,
    zones: {
      async read(fqdn) {
        zones ??= parts.openZones?.(resolver, nowSeconds) ?? Promise.resolve(noZones);
        return (await zones).read(fqdn);
      },
    },
    getDocument: null,
    ...{ nowSeconds, home },
  };
  return async (name, options) => {
    try {
      return await resolveName(name, ports, options);
    } catch (error) {
      if (!(error instanceof NamesError)) throw error;
      const code = codeByNamesCode[error.code] ?? 'no-such-name';
      throw new LightNodeError(code, error.message, { cause: error });
    }
  };
}
