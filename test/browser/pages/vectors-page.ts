/** Every vector and the verifier's contract, in a page: the suites of Node as they are, over @noble alone. */
import { createNobleVerifier } from '../../../src/adapters/system/noble-verifier.ts';
import { createSigner } from '../../../src/core/ed25519.ts';
import { verdictRuleContract, verifierContract } from '../../contracts/verifier-contract.ts';
import '../../core/identity/vectors.test.ts';
import '../../core/record/vectors.test.ts';

export { runTests } from './page-vitest.ts';

verifierContract({ name: 'noble', create: createNobleVerifier, runs: 10, createSigner });
verdictRuleContract();
