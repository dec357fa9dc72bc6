/** The HTTP API of a daemon: what a cached resolve, thousands of event streams and a long run cost. */
import type { Suite } from '../lib/suite.ts';
import { measuredTarget } from '../lib/targets.ts';
import { apiDashboardSection } from '../sections/api-dashboard.ts';
import { apiResolveSection } from '../sections/api-resolve.ts';
import { apiSoakSection } from '../sections/api-soak.ts';
import { apiStreamsSection } from '../sections/api-streams.ts';

/** `npm run bench -- api`. */
export const apiSuite: Suite = {
  name: 'api',
  title: 'the HTTP API of a daemon on loopback',
  sections: [apiResolveSection, apiStreamsSection, apiDashboardSection, apiSoakSection],
  targets: [
    measuredTarget(
      'resolve from the cache over HTTP at 2,000 requests/s, p99',
      'resolve/p99Ms',
      'below',
      5,
      'ms',
    ),
    measuredTarget('revocation to each of 5,000 event streams, worst', 'streams/maxMs', 'below', 300, 'ms'),
    measuredTarget('dashboard until it is loaded', 'dashboard/loadMs', 'below', 1000, 'ms'),
    measuredTarget('dashboard, gzipped', 'dashboard/kilobytesGzipped', 'below', 100, 'kB'),
    measuredTarget(
      'resident memory under a steady load, growth after the first minute',
      'soak/megabytesPerMinute',
      'below',
      1,
      'MB/min',
    ),
  ],
  packages: ['fastify', 'autocannon', 'playwright-core'],
};
