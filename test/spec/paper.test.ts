/**
 * "Beyond DNS: Unlocking the Internet of AI Agents via the NANDA Index and Verified AgentFacts" (arXiv 2507.14263): what
 * its sections on resolution, ttl, routing, credentials and enforcement demand, a row for each sentence and a test for
 * each row. Sections and sentences are those of version 0.3 of its text, which calls the index a registry and the
 * resolver a router.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Demand, Section } from './paper/demand.ts';
import { enforcementDemands } from './paper/enforcement.ts';
import { freshnessDemands } from './paper/freshness.ts';
import { openPaperScene, type PaperScene } from './paper/paper-scene.ts';
import { routingDemands } from './paper/routing.ts';
import { ttlDemands } from './paper/ttl.ts';
import { workflowDemands } from './paper/workflow.ts';

const demands: readonly Demand[] = [
  ...workflowDemands,
  ...ttlDemands,
  ...routingDemands,
  ...freshnessDemands,
  ...enforcementDemands,
];
const sections: readonly (readonly [Section, string])[] = [
  ['IV-A', 'the resolution paths'],
  ['V-A', 'AgentFacts'],
  ['V-D', 'the resolution workflow'],
  ['V-E', 'ttl and caching'],
  ['VI-C', 'the resolver'],
  ['VI-D', 'routing logic'],
  ['VII-D', 'revocation and freshness of credentials'],
  ['VII-E', 'enforcement'],
];
let scene: PaperScene;

beforeAll(async () => {
  scene = await openPaperScene();
}, 60_000);
afterAll(() => scene.close());

describe.each(sections)('§%s, %s', { timeout: 60_000 }, (section) => {
  const rows = demands.filter((demand) => demand.section === section);
  it.each(rows.map((row) => [row.part === undefined ? row.asks : `${row.part}: ${row.asks}`, row]))(
    '%s',
    async (_asks, row) => {
      await row.holds(scene);
    },
  );
});

it('the table has every section, and no row twice', () => {
  const listed = sections.map(([section]) => section);
  expect([...new Set(demands.map(({ section }) => section))].sort()).toEqual(listed.toSorted());
  const rows = demands.map(({ section, asks }) => `${section} ${asks}`);
  expect(new Set(rows).size).toBe(rows.length);
});
