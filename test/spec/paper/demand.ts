/** One row of the table of what the paper demands. */
import type { PaperScene } from './paper-scene.ts';

/** Sections of "Beyond DNS" (arXiv 2507.14263), as its text numbers them. */
export type Section = 'IV-A' | 'V-A' | 'V-D' | 'V-E' | 'VI-C' | 'VI-D' | 'VII-D' | 'VII-E';

export interface Demand {
  readonly section: Section;
  /** The step or paragraph of the section, where it numbers them. */
  readonly part?: string;
  /** What the sentence asks for, in our words. */
  readonly asks: string;
  /** Throws unless it is so. */
  readonly holds: (scene: PaperScene) => Promise<void> | void;
}
