/** The guard on fetches: which addresses, which hops, how much, how long; against servers on loopback. */
import { lookup } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/facts/fetch/address-rules.ts';
import { fetchFacts } from '../../src/facts/fetch/fetch-facts.ts';
import { type FetchRules, guardedFetch } from '../../src/facts/fetch/guarded-fetch.ts';
import { bornAgent, ended, signingKeyOf, updated } from '../helpers/test-agent.ts';
import { contextOf, nowSeconds, sampleFacts, signedFacts } from './sample-facts.ts';

const servers: Server[] = [];
const hits: string[] = [];
afterEach(async () => {
  hits.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server on loopback; its URL. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    hits.push(request.url!);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const rules: FetchRules = {
  allowPrivate: true,
  bytesMax: 1000,
  timeoutMs: 5000,
  accept: 'application/json',
  userAgent: 'weft/test',
};
const strict = { ...rules, allowPrivate: false };
/** A name server that says what it is told, and counts. */
function namesAt(...addresses: readonly string[]) {
  const asked: string[] = [];
  const answer = ((host: string, _options: object, callback: (...given: unknown[]) => void) => {
    asked.push(host);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;
  return { lookup: answer, asked };
}
const throwing = (code: string) => expect.objectContaining({ name: 'FactsError', code });

describe('a public address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '192.0.1.1', '2606:4700::1', '2a00:1450::5'])(
    'is %s',
    (one) => {
      expect(isPublicAddress(one)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'localhost',
    '',
    '127.1',
    '0x7f000001',
  ])('is not %s', (one) => {
    expect(isPublicAddress(one)).toBe(false);
  });

  it('is judged without an exception, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
        (text) => typeof isPublicAddress(text) === 'boolean',
      ),
    );
  });
});

describe('a guarded fetch', () => {
  it('brings what is there', async () => {
    const url = await serve((request, response) => {
      response.setHeader('content-type', 'Application/VC+json; charset=utf-8');
      response.end(JSON.stringify(request.headers));
    });
    const { bytes, contentType, url: from } = await guardedFetch(`${url}/facts`, rules);
    expect(contentType).toBe('application/vc+json');
    expect(from).toBe(`${url}/facts`);
    const headers = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>;
    expect(headers).toMatchObject({ accept: 'application/json', 'accept-encoding': 'identity' });
    expect(headers).not.toHaveProperty('authorization');
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://10.0.0.1/',
    'http://0/',
  ])('does not go to %s', async (url) => {
    await expect(guardedFetch(url, strict)).rejects.toThrow(throwing('unsafe-address'));
  });

  it('judges every address of a name, and asks for it once a hop', async () => {
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::1'], ['169.254.169.254']]) {
      const names = namesAt(...addresses);
      await expect(
        guardedFetch('http://agents.example/', { ...strict, lookup: names.lookup }),
      ).rejects.toThrow(throwing('unsafe-address'));
      expect(names.asked).toEqual(['agents.example']);
    }
    await expect(guardedFetch('http://localhost:1/', strict)).rejects.toThrow(throwing('unsafe-address'));
  });

  it('connects to the address that was judged, whatever the name says later', async () => {
    const url = new URL(await serve((_request, response) => response.end('{}')));
    const names = namesAt('127.0.0.1');
    const fetched = await guardedFetch(`http://agents.example:${url.port}/x`, {
      ...rules,
      lookup: names.lookup,
    });
    expect(new TextDecoder().decode(fetched.bytes)).toBe('{}');
    expect(names.asked).toEqual(['agents.example']);
  });

  it.each([
    ['bad-url', 'ftp://a.example/'],
    ['bad-url', 'file:///etc/passwd'],
    ['bad-url', 'data:application/json,{}'],
    ['bad-url', 'ipfs://bafy'],
    ['bad-url', 'https://user:secret@a.example/'],
    ['bad-url', 'nonsense'],
  ])('refuses as %s: %s', async (code, url) => {
    await expect(guardedFetch(url, rules)).rejects.toThrow(throwing(code));
  });

  it('follows three redirects, and judges each anew', async () => {
    const url = await serve((request, response) => {
      const left = Number(request.url!.slice(1));
      if (left === 0) response.end('{}');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect((await guardedFetch(`${url}/3`, rules)).url).toBe(`${url}/0`);
    await expect(guardedFetch(`${url}/4`, rules)).rejects.toThrow(throwing('bad-answer'));
  });

  it.each([
    ['unsafe-address', 'http://127.0.0.1:1/'],
    ['unsafe-address', 'http://169.254.169.254/latest/meta-data/'],
    ['unsafe-address', 'http://metadata.example/'],
    ['bad-url', 'file:///etc/passwd'],
    ['bad-url', 'http://a:b@8.8.8.8/'],
    ['bad-answer', 'http://['],
  ])('refuses as %s a redirect to %s', async (code, location) => {
    const url = new URL(await serve((_request, response) => response.writeHead(307, { location }).end()));
    // The first name is let through here as a public one would be; every other is judged as it is.
    const allowing = ((host: string, options: object, callback: (...given: unknown[]) => void) => {
      const address = host === 'agents.example' ? '127.0.0.1' : '169.254.169.254';
      if (host === 'agents.example') return callback(null, [new PublicLooking(address)]);
      return lookup('127.0.0.1', options as never, (_error, _address) =>
        callback(null, [{ address, family: 4 }]),
      );
    }) as unknown as typeof lookup;
    await expect(
      guardedFetch(`http://agents.example:${url.port}/`, { ...strict, lookup: allowing }),
    ).rejects.toThrow(throwing(code));
    expect(hits).toEqual(['/']);
  });

  it('bounds what it reads and how long it waits', async () => {
    const large = await serve((_request, response) => {
      response.write('x'.repeat(900));
      response.end('x'.repeat(900));
    });
    await expect(guardedFetch(large, rules)).rejects.toThrow(throwing('too-large'));
    const silent = await serve(() => undefined);
    await expect(guardedFetch(silent, { ...rules, timeoutMs: 200 })).rejects.toThrow(throwing('too-slow'));
    const endless = await serve((_request, response) => {
      response.write('{');
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(guardedFetch(endless, { ...rules, timeoutMs: 300 })).rejects.toThrow(throwing('too-slow'));
  });

  it('says when nobody is there, or something else', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/reset') request.socket.destroy();
      else response.writeHead(request.url === '/gone' ? 410 : 302).end();
    });
    await expect(guardedFetch(`${url}/reset`, rules)).rejects.toThrow(throwing('unreachable'));
    await expect(guardedFetch(`${url}/gone`, rules)).rejects.toThrow(throwing('bad-answer'));
    await expect(guardedFetch(`${url}/nowhere`, rules)).rejects.toThrow(throwing('bad-answer'));
    await expect(guardedFetch('http://nothing.invalid/', strict)).rejects.toThrow(throwing('unreachable'));
  });
});

/** An address that the guard reads as a public one and the socket as loopback: the redirect after it is what is tried. */
class PublicLooking {
  readonly family = 4;
  readonly #real: string;
  #reads = 0;
  constructor(real: string) {
    this.#real = real;
  }
  get address(): string {
    return this.#reads++ === 0 ? '8.8.8.8' : this.#real;
  }
}

describe('facts from elsewhere', () => {
  const agentOf = (url: string) => bornAgent(`fetched ${url}`, nowSeconds - 1000, { primary: url });
  const options = { allowPrivate: true, userAgent: 'weft/test' };

  it('are fetched from where the record says, and verified', async () => {
    let body = '';
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/vc+json' }).end(body),
    );
    const agent = agentOf(url);
    const signed = signedFacts({ agentId: agent.agentId, signer: signingKeyOf(agent) });
    body = JSON.stringify(signed);
    const steps: string[] = [];
    const fetched = await fetchFacts(agent.agentId, {
      ...contextOf([agent.state]),
      ...options,
      step: (name) => steps.push(name),
    });
    expect(fetched).toMatchObject({ url, issuer: { kind: 'self' }, facts: { label: 'Acme Translator' } });
    expect(steps).toEqual(['resolved', 'fetched', 'verified']);
    body = JSON.stringify({ ...signed, name: 'x' });
    await expect(fetchFacts(agent.agentId, { ...contextOf([agent.state]), ...options })).rejects.toThrow(
      throwing('bad-proof'),
    );
    const other = bornAgent('fetched other', nowSeconds - 1000);
    body = JSON.stringify(signedFacts({ agentId: other.agentId, signer: signingKeyOf(other) }));
    await expect(
      fetchFacts(agent.agentId, { ...contextOf([agent.state, other.state]), ...options }),
    ).rejects.toThrow(throwing('wrong-subject'));
    body = JSON.stringify(sampleFacts(agent.agentId));
    await expect(fetchFacts(agent.agentId, { ...contextOf([agent.state]), ...options })).rejects.toThrow(
      throwing('bad-credential'),
    );
  });

  it('are not fetched from the own network unless that is allowed, nor taken as a page', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    );
    const agent = agentOf(url);
    const context = contextOf([agent.state]);
    await expect(fetchFacts(agent.agentId, { ...context, userAgent: 'weft/test' })).rejects.toThrow(
      throwing('unsafe-address'),
    );
    expect(hits).toEqual([]);
    await expect(fetchFacts(agent.agentId, { ...context, ...options })).rejects.toThrow(
      throwing('bad-answer'),
    );
  });

  it('need an agent that lives and names them', async () => {
    const agent = agentOf('https://agents.example/facts');
    const fetching = (state: typeof agent.state | null, status = 'ok') =>
      fetchFacts(agent.agentId, {
        ...contextOf([]),
        ...options,
        resolve: async () => ({
          ...(await contextOf([]).resolve(agent.agentId)),
          state,
          status: status as never,
        }),
      });
    await expect(fetching(null, 'not-found')).rejects.toThrow(throwing('issuer-unknown'));
    await expect(fetching(agent.state, 'expired')).rejects.toThrow(throwing('no-facts-url'));
    const without = updated(agent, { primary: null }, nowSeconds - 500);
    await expect(fetching(without.state)).rejects.toThrow(throwing('no-facts-url'));
    await expect(fetching(ended(agent, nowSeconds - 10).state)).rejects.toThrow(
      throwing('subject-not-active'),
    );
  });
});
