/**
 * Checks of requests and writers of answers that are compiled when a route is first used, not when the daemon starts: most
 * daemons are never asked for most routes. What they check and write is what the framework's own compilers make.
 */
import ajvCompiler from '@fastify/ajv-compiler';
import stringifyCompiler from '@fastify/fast-json-stringify-compiler';
import type { FastifySchemaCompiler, FastifySerializerCompiler, FastifyServerOptions } from 'fastify';

type Factories = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type BuildValidator = (schemas: unknown, options?: unknown) => FastifySchemaCompiler<unknown>;
type BuildSerializer = (schemas: unknown, options?: unknown) => FastifySerializerCompiler<unknown>;

/** For the options of an app. */
export const lateCompilers = {
  buildValidator: lateValidator(ajvCompiler() as unknown as BuildValidator),
  buildSerializer: lateSerializer(stringifyCompiler() as unknown as BuildSerializer),
} as unknown as Factories;

function lateValidator(build: BuildValidator): BuildValidator {
  return (schemas, options) => {
    const compile = build(schemas, options);
    return (route) => {
      let check: ReturnType<typeof compile> | null = null;
      const validate: ReturnType<typeof compile> = (data: unknown) => {
        check ??= compile(route);
        const answer = check(data);
        validate.errors = check.errors ?? null;
        return answer;
      };
      return validate;
    };
  };
}

function lateSerializer(build: BuildSerializer): BuildSerializer {
  return (schemas, options) => {
    const compile = build(schemas, options);
    return (route) => {
      let write: ReturnType<typeof compile> | null = null;
      return (data: unknown) => {
        write ??= compile(route);
        return write(data);
      };
    };
  };
}
