/**
 * Length-prefixed frames for workers in Node: whatever structured clone carries survives, such as a Buffer, a Map, a
 * bigint or an Error. A frame is its body's length (4 bytes, little-endian), its kind (1 byte), and the body: a JSON
 * array of all that JSON carries as well and was said one after the other, or one message as a structured clone. What
 * is sent is as it was when it was said: clones made together would share, and go stale.
 */

export const HEAD_BYTES = 5;
export const JSON_BODY = 0x4a;
export const CLONED_BODY = 0x56;

/** What a message is; it stands first, and the id, or the method, second. All have four parts. */
export const REQUEST = 0;
export const RESULT = 1;
export const FAILURE = 2;
export const PROGRESS = 3;
export const ITEM = 4;
export const CANCEL = 5;
export const NOTIFICATION = 6;
/** Added to what it is: the value is undefined, for which JSON has no word. */
export const VALUELESS = 8;
export const PARTS = 4;
