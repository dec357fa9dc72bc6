/**
 * Wire form of operations (§3). Decides shape and what one operation alone can break; not who may sign it.
 *
 * | operation | dCBOR                                                                             |
 * |-----------|-----------------------------------------------------------------------------------|
 * | operation | [body, signature 64]                                                              |
 * | body      | [1, base 16, slot 0..7, n 1..8, field 0..3, value, left 16 / null, iat, token 16 / null] |
 * | value     | field 0, 2: text URL / null;  1: text URL / bytes 16 (blinded) / null;  3: ttl code 0..15 |
 *
 * The token is null for slot 0 and only for slot 0.
 */
import { bytesToHex } from '../bytes.ts';
import { type CborValue, decodeCanonical, encodeCanonical } from '../cbor.ts';
import { ProtocolError } from '../errors.ts';
import { digest, domain } from '../hash.ts';
import {
  digest16Bytes,
  operationBytesMax,
  operationsPerSignerMax,
  signatureBytes,
  slotMax,
} from '../limits.ts';
import { readArray, readBytes, readInteger, readOptionalBytes, readSeconds } from '../shape.ts';
import { durationCodeMax } from './durations.ts';
import { type FieldName, fieldNames, fieldNumber } from './field.ts';
import type { Operation, OperationBody, OperationValue } from './operation.ts';
import { assertUrl } from './url.ts';

const operationVersion = 1;

/** Body as it stands on the wire. */
export function operationBodyValue(body: OperationBody): readonly CborValue[] {
  const { base, slot, n, field, value, left, issuedAt, delegation } = body;
  return [operationVersion, base, slot, n, fieldNumber(field), value, left, issuedAt, delegation];
}

/** The operation as it stands inside a bundle: [body, signature]. */
export function operationValue(operation: Operation): CborValue {
  return [operationBodyValue(operation), operation.signature];
}

/** The operation that a decoded value stands for. @throws ProtocolError `wrong-shape`, `wrong-version`, `bad-operation`, `bad-url`. */
export function readOperation(value: CborValue): Operation {
  const [body, signature] = readArray(value, 'operation', 2);
  return createSignedOperation(readOperationBody(body), readBytes(signature, 'signature', signatureBytes));
}

/** The operation in these bytes, at most 512. Throws `too-large`, `not-canonical` and what readOperation throws. */
export function decodeOperation(bytes: Uint8Array): Operation {
  return readOperation(decodeCanonical(bytes, operationBytesMax));
}

/** The body that a decoded value stands for; throws what readOperation throws. */
export function readOperationBody(value: CborValue | undefined): OperationBody {
  const [version, base, slot, n, field, content, left, issuedAt, delegation] = readArray(
    value,
    'operation body',
    9,
  );
  if (readInteger(version, 'version', 0, 0xffff_ffff) !== operationVersion) {
    throw new ProtocolError('wrong-version', 'this version of operations is not known here', {
      version: version as number,
    });
  }
  const body = {
    base: readBytes(base, 'base', digest16Bytes),
    slot: readInteger(slot, 'slot', 0, slotMax),
    n: readInteger(n, 'n', 1, operationsPerSignerMax),
    field: fieldNames[readInteger(field, 'field', 0, fieldNames.length - 1)]!,
    left: readOptionalBytes(left, 'left', digest16Bytes),
    issuedAt: readSeconds(issuedAt, 'iat'),
    delegation: readOptionalBytes(delegation, 'delegation', digest16Bytes),
  };
  if ((body.slot === 0) !== (body.delegation === null)) {
    throw new ProtocolError(
      'bad-operation',
      'an operation names a delegation exactly when its slot is not 0',
      {
        slot: body.slot,
      },
    );
  }
  return { ...body, value: readOperationValue(content, body.field) };
}

/** Puts a checked body and a signature together. */
export function createSignedOperation(body: OperationBody, signature: Uint8Array): Operation {
  const bytes = encodeCanonical([operationBodyValue(body), signature]);
  const operationDigest = digest(domain('weft/op/1'), bytes);
  return {
    ...body,
    signature,
    digest: operationDigest,
    digest16: operationDigest.subarray(0, digest16Bytes),
    key: bytesToHex(operationDigest),
    bytes,
  };
}

/** What does not fit its field is `bad-operation`: the shape alone would allow it for another field. */
function readOperationValue(value: CborValue | undefined, field: FieldName): OperationValue {
  if (field === 'ttl') {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= durationCodeMax)
      return value;
    throw new ProtocolError('bad-operation', `ttl: a value is a code in 0..${durationCodeMax}`, { field });
  }
  if (value === null) return null;
  if (field === 'private' && value instanceof Uint8Array && value.length === digest16Bytes) return value;
  if (typeof value !== 'string') {
    const blinded = field === 'private' ? ', 16 bytes' : '';
    throw new ProtocolError('bad-operation', `${field}: a value is a URL${blinded} or null`, { field });
  }
  assertUrl(value, field);
  return value;
}
