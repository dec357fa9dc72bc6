/**
 * Facts drafted from an agent card of A2A, 1.0 or 0.3: what the card says in the terms of AgentFacts, and the rest as an
 * extension (card-extension). A draft to be read and signed: whoever made the card vouches for nothing here.
 */
import { type AgentId, formatAgentDid } from '../../core/identity/agent-id.ts';
import type { AgentFacts } from '../../facts/agent-facts.ts';
import type { JsonObject as FactsJson } from '../../facts/bounded-json.ts';
import { readFacts } from '../../facts/credential.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { endpointsMax, skillsMax, wordsMax } from '../../facts/facts-limits.ts';
import type { Json, JsonObject } from '../views.ts';
import { pointersExtension } from './agent-card.ts';
import { extensionOfCard, objectOf, objectsOf } from './card-extension.ts';

/** @throws FactsError `bad-card` for what is no card, `bad-facts` for what facts cannot say */
export function factsOfCard(agentId: AgentId, given: JsonObject, agentName?: string): AgentFacts {
  const { signatures: _theirs, ...card } = given;
  const skills = objectsOf(card['skills']);
  const interfaces = interfacesOf(card);
  if (textOf(card['name']) === '' || skills.length === 0 || interfaces.length === 0)
    throw new FactsError('bad-facts', 'this is no agent card: it needs a name, an interface and a skill', {
      place: '/',
    });
  const provider = objectOf(card['provider']);
  const own = withoutPointers(card);
  const extension = extensionOfCard(own);
  const documentation = textOf(card['documentationUrl']);
  const { streaming } = objectOf(card['capabilities']);
  const did = formatAgentDid(agentId);
  return readFacts({
    id: did,
    agent_name: agentName ?? `urn:agent:${did.slice('did:nanda:'.length)}`,
    label: textOf(card['name']),
    description: textOf(card['description']) || textOf(card['name']),
    version: textOf(card['version']) || '1.0.0',
    ...(documentation !== '' && { documentationUrl: documentation }),
    provider: {
      name: textOf(provider['organization']) || hostOf(interfaces[0]!.url),
      url: textOf(provider['url']) || new URL(interfaces[0]!.url).origin,
    },
    endpoints: { static: interfaces.slice(0, endpointsMax).map(({ url, protocol }) => ({ url, protocol })) },
    capabilities: {
      modalities: modalitiesOf(card, skills),
      ...(typeof streaming === 'boolean' && { streaming }),
      authentication: { methods: methodsOf(card) },
    },
    skills: skills.slice(0, skillsMax).map((skill, index) => ({
      id: textOf(skill['id']) || textOf(skill['name']),
      description: textOf(skill['description']) || textOf(skill['name']),
      inputModes: modesOf(skill['inputModes'], card['defaultInputModes']),
      outputModes: modesOf(skill['outputModes'], card['defaultOutputModes']),
      a2a: extension.skills[index] ?? {},
    })),
    a2a: extension.agent,
  } as unknown as FactsJson);
}

/** A card that was made of facts leads back to them: the new facts have pointers of their own. */
function withoutPointers(card: JsonObject): JsonObject {
  const capabilities = objectOf(card['capabilities']);
  const extensions = objectsOf(capabilities['extensions']).filter(({ uri }) => uri !== pointersExtension);
  return { ...card, capabilities: { ...capabilities, extensions } };
}

/** Of 1.0 `supportedInterfaces`; of 0.3 `url` with `preferredTransport`, and `additionalInterfaces`. */
function interfacesOf(card: JsonObject): readonly { readonly url: string; readonly protocol: string }[] {
  const current = objectsOf(card['supportedInterfaces']).map((one) => ({
    url: textOf(one['url']),
    protocol: textOf(one['protocolBinding']) || 'JSONRPC',
  }));
  const first = { url: textOf(card['url']), protocol: textOf(card['preferredTransport']) || 'JSONRPC' };
  const others = objectsOf(card['additionalInterfaces']).map((one) => ({
    url: textOf(one['url']),
    protocol: textOf(one['transport']) || 'JSONRPC',
  }));
  const all = current.length > 0 ? current : [first, ...others];
  const urls = new Set<string>();
  return all.filter(({ url }) => {
    const isNew = URL.canParse(url) && /^https?:/.test(url) && !urls.has(url);
    urls.add(url);
    return isNew;
  });
}

/** `text/plain` is the modality `text`. */
function modalitiesOf(card: JsonObject, skills: readonly JsonObject[]): string[] {
  const modes = [
    ...textsOf(card['defaultInputModes']),
    ...textsOf(card['defaultOutputModes']),
    ...skills.flatMap((skill) => [...textsOf(skill['inputModes']), ...textsOf(skill['outputModes'])]),
  ];
  const names = modes.map((mode) => (mode.startsWith('application/') ? mode : mode.split('/')[0]!));
  return [...new Set(names)].slice(0, wordsMax);
}

function modesOf(own: Json | undefined, byDefault: Json | undefined): string[] {
  const said = textsOf(own);
  return (said.length > 0 ? said : textsOf(byDefault)).slice(0, wordsMax);
}

/** Each scheme under its usual name; a card without one asks for nothing. */
function methodsOf(card: JsonObject): string[] {
  const schemes = Object.values(objectOf(card['securitySchemes'])).map(objectOf);
  const names = schemes.map(methodOf).filter((name) => name !== '');
  return names.length === 0 ? ['none'] : [...new Set(names)].slice(0, wordsMax);
}

/** Of 1.0 the one member names the kind; of 0.3 `type` does. */
function methodOf(scheme: JsonObject): string {
  const [member = '', inner] = Object.entries(scheme).find(([name]) => name.endsWith('SecurityScheme')) ?? [];
  const kind = member === '' ? textOf(scheme['type']) : member.replace(/SecurityScheme$/, '');
  const details = member === '' ? scheme : objectOf(inner);
  switch (kind) {
    case 'httpAuth':
    case 'http':
      return textOf(details['scheme']).toLowerCase() || 'http';
    case 'mtls':
    case 'mutualTLS':
      return 'mtls';
    default:
      return kind;
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one !== '') : [];
}
