/** What the daemon serves at `/`: packed, cached by name, bounded by its policy; and what it says when there is nothing. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/server.ts';
import { createRecordedNode } from '../api/recorded-node.ts';
import { type BuiltDashboard, buildDashboard } from './built.ts';

const gzipBytesMax = 100_000;
let built: BuiltDashboard;
let api: ReturnType<typeof createApi>;

function apiOver(dashboardFolder: string): ReturnType<typeof createApi> {
  return createApi(createRecordedNode(), {
    host: '127.0.0.1',
    port: 0,
    remote: false,
    token: 'the token',
    connectionsMax: 10,
    dashboardFolder,
    onDefect(error) {
      throw error;
    },
  });
}

function get(url: string, headers: Record<string, string> = {}) {
  return api.inject({ url, headers: { host: 'localhost', ...headers } });
}

beforeAll(async () => {
  built = await buildDashboard();
  api = apiOver(built.folder);
}, 60_000);
afterAll(() => built.remove());

describe('the dashboard', () => {
  it('is less than 100 kB, gzipped, all of it', () => {
    const sizes = [...built.files.values()].map((content) => gzipSync(content, { level: 9 }).length);
    expect(sizes.length).toBeGreaterThan(2);
    const bytes = sizes.reduce((sum, one) => sum + one, 0);
    console.info(`the dashboard is ${bytes} bytes, gzipped`);
    expect(bytes).toBeLessThan(gzipBytesMax);
  });

  it('needs no token, names nothing of elsewhere, and has no script or style in its page', async () => {
    const answer = await get('/');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.body).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|javascript:/);
    const named = [...answer.body.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1]!);
    expect(named.filter((place) => !/^(\.\/assets\/|data:image\/)/.test(place))).toEqual([]);
    for (const content of built.files.values()) {
      const hosts = [...content.toString().matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1]);
      expect(hosts.filter((host) => host !== 'www.w3.org')).toEqual([]);
    }
  });

  it('is bounded by a policy that admits its own files alone', async () => {
    const policy = String((await get('/')).headers['content-security-policy']);
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));
    expect(rules.get('default-src')).toEqual(["'none'"]);
    for (const name of ['script-src', 'style-src', 'connect-src'])
      expect(rules.get(name)).toEqual(["'self'"]);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
      expect(rules.get(name)).toEqual(["'none'"]);
    expect(policy).not.toContain('unsafe');
  });

  it('keeps assets for ever by their hashed names, packed, or not, as the client likes', async () => {
    for (const [path, content] of built.files) {
      if (path !== '/') expect(path).toMatch(/-[\w-]{8}\.(js|css)$/);
      for (const [accepted, coding] of [
        ['gzip, deflate, br, zstd', 'gzip'],
        ['br, GZIP;q=0.5', 'gzip'],
        ['br, gzip;q=0', undefined],
        ['identity', undefined],
        ['', undefined],
      ] as const) {
        const answer = await get(path, { 'accept-encoding': accepted });
        expect(answer.headers['content-encoding'], accepted).toBe(coding);
        expect(answer.headers['vary']).toBe('accept-encoding');
        const body = coding === undefined ? answer.rawPayload : gunzipSync(answer.rawPayload);
        expect(body.equals(content), path).toBe(true);
        if (path !== '/') expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      }
    }
  });

  it.each([
    '..%2findex.html',
    '..%2f..%2fpackage.json',
    '%00',
    'index.html',
    '..%2findex.html.gz',
    '__proto__',
    'a'.repeat(150),
  ])('has no file %s', async (name) => {
    const answer = await get(`/assets/${name}`);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'no-route' });
  });

  it('is missing with a word about what to do, where nobody built it', async () => {
    const without = apiOver('/nowhere/at/all');
    const answer = await without.inject({ url: '/', headers: { host: 'localhost' } });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({
      code: 'no-dashboard',
      hint: expect.stringContaining('npm run build'),
    });
    expect(answer.body).not.toContain('/nowhere');
    expect((await without.inject({ url: '/assets/x.js', headers: { host: 'localhost' } })).statusCode).toBe(
      404,
    );
  });

  it('is not shown under the name of another host', async () => {
    expect((await api.inject({ url: '/', headers: { host: 'evil.example' } })).statusCode).toBe(421);
  });
});
