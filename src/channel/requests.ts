/**
 * Who waits for which answer. A Map would do, but for the garbage collector: of a Map that is filled and emptied all the
 * time every former table outlives its entries, and keeps them alive with it.
 */

/** A power of two. */
const FEWEST_PLACES = 16;

export class Requests<One> {
  /** Where a request is says its number, modulo how many places there are. */
  #places: (One | undefined)[] = emptyPlaces(FEWEST_PLACES);
  /** The number of the request in each place; what it was, when there is none. */
  #ids: number[] = noIds(FEWEST_PLACES);
  #size = 0;
  #lastId = 0;

  get size(): number {
    return this.#size;
  }

  /** The number that the next one gets: from 1 on, and higher every time. A place where one still waits is left out. */
  get nextId(): number {
    const { length } = this.#places;
    let id = this.#lastId + 1;
    while (this.#places[id & (length - 1)] !== undefined) id += 1;
    return id;
  }

  /** @param id `nextId` */
  add(id: number, one: One): void {
    this.#lastId = id;
    this.#put(id, one);
    this.#size += 1;
    if (this.#size * 2 > this.#places.length) this.#grow();
  }

  get(id: number): One | undefined {
    const place = id & (this.#places.length - 1);
    return this.#ids[place] === id ? this.#places[place] : undefined;
  }

  /** Takes it out. Undefined when there is none. */
  take(id: number): One | undefined {
    const one = this.get(id);
    if (one === undefined) return undefined;
    this.#places[id & (this.#places.length - 1)] = undefined;
    this.#size -= 1;
    return one;
  }

  /** Whether there was one of this number, or is. */
  had(id: number): boolean {
    return Number.isInteger(id) && id > 0 && id <= this.#lastId;
  }

  /** All that wait, the first first. */
  values(): One[] {
    const ids = this.#ids.filter((_, place) => this.#places[place] !== undefined);
    return ids.sort((a, b) => a - b).map((id) => this.get(id)!);
  }

  clear(): void {
    this.#places = emptyPlaces(FEWEST_PLACES);
    this.#ids = noIds(FEWEST_PLACES);
    this.#size = 0;
  }

  #put(id: number, one: One): void {
    const place = id & (this.#places.length - 1);
    this.#places[place] = one;
    this.#ids[place] = id;
  }

  /** What had places of their own still has: with twice as many, two share none that did not before. */
  #grow(): void {
    const places = this.#places;
    const ids = this.#ids;
    this.#places = emptyPlaces(places.length * 2);
    this.#ids = noIds(places.length * 2);
    places.forEach((one, place) => {
      if (one !== undefined) this.#put(ids[place]!, one);
    });
  }
}

const emptyPlaces = <One>(count: number): (One | undefined)[] => new Array(count).fill(undefined);
const noIds = (count: number): number[] => new Array(count).fill(0);
