/** Values out of a structured clone, each with memory of its own. */
import { DefaultDeserializer } from 'node:v8';

/** Throws for what is none. */
export function clonedFrom(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  reader.readHeader();
  return reader.readValue();
}

/** Node lends typed arrays out of what it reads, so that each shows, by its `buffer`, whatever else came with it. */
class Reader extends DefaultDeserializer {
  /** Called by V8, for each typed array. */
  _readHostObject(): NodeJS.ArrayBufferView {
    const { _readHostObject: read } = DefaultDeserializer.prototype as unknown as Inner;
    return ownCopy(read.call(this));
  }
}

interface Inner {
  _readHostObject(this: Reader): NodeJS.ArrayBufferView;
}

function ownCopy(view: NodeJS.ArrayBufferView): NodeJS.ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (Buffer.isBuffer(view)) return keepsMuch(view) ? view : Buffer.from(view); // those never owned what they show
  const own = buffer.slice(byteOffset, byteOffset + byteLength);
  const Same = view.constructor as new (own: unknown) => NodeJS.ArrayBufferView;
  return new Same(own);
}

/** Most of what it would keep in memory is its own. */
const keepsMuch = ({ buffer, byteLength }: NodeJS.ArrayBufferView): boolean =>
  byteLength > buffer.byteLength / 2;
