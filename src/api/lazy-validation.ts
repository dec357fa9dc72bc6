/**
 * Checks of requests that are compiled when the first request comes, not when the daemon starts: for routes that most
 * daemons are never asked for. The checks are those of every other route.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

let ajv: Ajv | null = null;

/** For the options of a route. */
export const lazyValidation: { readonly validatorCompiler: FastifySchemaCompiler<object> } = {
  validatorCompiler({ schema }) {
    let check: ValidateFunction | null = null;
    const validate = (data: unknown): boolean => {
      ajv ??= new Ajv({ removeAdditional: false, coerceTypes: false, useDefaults: false, strict: false });
      check ??= ajv.compile(schema);
      const isValid = check(data);
      validate.errors = check.errors ?? null;
      return isValid;
    };
    validate.errors = null as ValidateFunction['errors'];
    return validate as never;
  },
};
