/** IDNA (UTS 46) as Node has it. A build for pages puts idna-page.ts in the place of this. */
import { domainToASCII, domainToUnicode } from 'node:url';

/** In ASCII, or '' when it has no such form. */
export const toAscii: (host: string) => string = domainToASCII;

/** As people read it. */
export const toReadable: (host: string) => string = domainToUnicode;
