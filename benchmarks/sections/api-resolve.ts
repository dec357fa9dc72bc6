/** What a resolve out of a daemon's cache takes over HTTP, at a constant rate, from another process. */
import { startDaemon } from '../lib/daemon-client.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { sequence } from '../lib/workload.ts';
