/** Values out of a structured clone, each with memory of its own. */
import { DefaultDeserializer } from 'node:v8';

/** Throws for what is none. A Buffer that is most of `bytes` is not copied: who gives them does not use them again. */
export const clonedFrom = (bytes: Uint8Array): unknown => readAll(new Reader(bytes));

/** Keeps nothing of `bytes`. */
export const clonedFromLent = (bytes: Uint8Array): unknown => readAll(new CopyingReader(bytes));

function readAll(reader: Reader): unknown {
  reader.readHeader();
  return reader.readValue();
}

/** Node lends typed arrays out of what it reads, so that each shows, by its `buffer`, whatever else came with it. */
class Reader extends DefaultDeserializer {
  /** Called by V8, for each typed array. */
  _readHostObject(): NodeJS.ArrayBufferView {
    const view = this.lent();
    return Buffer.isBuffer(view) && keepsMuch(view) ? view : ownCopy(view);
  }

  protected lent(): NodeJS.ArrayBufferView {
    const { _readHostObject: read } = DefaultDeserializer.prototype as unknown as Inner;
    return read.call(this);
  }
}

class CopyingReader extends Reader {
  override _readHostObject(): NodeJS.ArrayBufferView {
    return ownCopy(this.lent());
  }
}

interface Inner {
  _readHostObject(this: Reader): NodeJS.ArrayBufferView;
}

function ownCopy(view: NodeJS.ArrayBufferView): NodeJS.ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (Buffer.isBuffer(view)) return Buffer.from(view); // those never owned what they show
  const own = buffer.slice(byteOffset, byteOffset + byteLength);
  const Same = view.constructor as new (own: unknown) => NodeJS.ArrayBufferView;
  return new Same(own);
}

/** Most of what it would keep in memory is its own. */
const keepsMuch = ({ buffer, byteLength }: NodeJS.ArrayBufferView): boolean =>
  byteLength > buffer.byteLength / 2;
