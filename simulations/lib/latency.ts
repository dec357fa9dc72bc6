/**
 * Round trips between regions as a cloud provider measured and published them: IBM Cloud, VPC documentation, "Network
 * latency", averages of 28 September to 27 October 2024, in milliseconds. Within a region: between its zones.
 */

export const regions = [
  'Dallas',
  'Toronto',
  'Washington DC',
  'Frankfurt',
  'London',
  'Madrid',
  'Osaka',
  'Sydney',
  'Tokyo',
  'Sao Paulo',
] as const;

/** Between two zones of one region. */
const zonesMs = 2;

const roundTripMs: readonly (readonly number[])[] = [
  [zonesMs, 34, 31, 123, 113, 119, 150, 185, 141, 144],
  [34, zonesMs, 19, 93, 84, 108, 169, 214, 162, 131],
  [31, 19, zonesMs, 90, 76, 89, 175, 213, 169, 119],
  [123, 92, 92, zonesMs, 13, 29, 232, 250, 231, 197],
  [114, 84, 76, 13, zonesMs, 27, 244, 261, 242, 188],
  [119, 107, 90, 29, 27, zonesMs, 259, 275, 255, 207],
  [150, 171, 176, 234, 245, 259, zonesMs, 122, 9, 292],
  [184, 214, 214, 250, 261, 275, 122, zonesMs, 115, 328],
  [143, 164, 167, 231, 243, 257, 9, 115, zonesMs, 283],
  [144, 131, 119, 198, 188, 206, 291, 327, 287, zonesMs],
];

/** One way between two regions, milliseconds: half of what was measured. */
export function oneWayMs(from: number, to: number): number {
  return roundTripMs[from]![to]! / 2;
}
