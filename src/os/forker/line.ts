/** The line between a host and its forker: JSON lines over a socket pair, the messages of one turn in one write. */
import type { Socket } from 'node:net';

export class Line<Out, In> {
  readonly #socket: Socket;
  #outgoing = '';
  #incoming = '';

  /** @param onClosed called once, when the other end is gone */
  constructor(socket: Socket, onMessage: (message: In) => void, onClosed: () => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (this.#incoming + text).split('\n');
      this.#incoming = lines.pop()!;
      for (const line of lines) onMessage(JSON.parse(line) as In);
    });
    socket.on('error', () => {}); // 'close' follows and says it all
    socket.on('close', onClosed);
  }

  send(message: Out): void {
    if (this.#outgoing === '') queueMicrotask(() => this.flush());
    this.#outgoing += `${JSON.stringify(message)}\n`;
  }

  flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '' && this.#socket.writable) this.#socket.write(text);
  }

  /** Whether the line alone keeps the process from ending. */
  hold(held: boolean): void {
    if (held) this.#socket.ref();
    else this.#socket.unref();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
