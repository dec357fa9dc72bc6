/** The size of an AgentAddr: the paper's own example, beside the same entry as JSON. */
import { encodeState } from '../../src/core/record/agent-state.ts';
import { paperExample } from '../lib/paper-example.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { createBenchmarkAgent, paperValues, secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const addressSection: Section = {
  name: 'address',
  summary: "bytes of the AgentAddr and the bundle of the paper's Table 3",
  run: async (settings) => measureAddress(settings),
};

function measureAddress({ seed }: RunSettings): SectionResult {
  const { state } = createBenchmarkAgent(seed, 0, secondsNow(), paperValues);
  const bytes = state.addr!.bytes.length;
  const bundleBytes = encodeState(state).length;
  const signature = Buffer.from(state.addr!.signature).toString('base64url');
  const jsonBytes = Buffer.byteLength(JSON.stringify({ ...paperExample, signature }));
  return {
    data: { bytes, bundleBytes, jsonBytes },
    measurements: { 'address/bytes': bytes },
    tables: [
      {
        title: "The paper's Table 3 (three URLs), signature included",
        columns: ['form', 'bytes'],
        rows: [
          ['AgentAddr', String(bytes)],
          ['bundle: AgentAddr, URLs, key log', String(bundleBytes)],
          ['JSON, no key log', String(jsonBytes)],
        ],
      },
    ],
    charts: [],
  };
}
