/** Whatever is asked and answered in whatever order: those who wait are found as in a Map, and none is mistaken. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Requests } from '../src/channel/requests.ts';
import { SEED } from './seed.ts';

/** Asks so many, or answers the one that stands at this share of those that wait. */
const step = fc.oneof(
  fc.record({ ask: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    answer: fc.double({ min: 0, max: 0.999, noNaN: true }),
    times: fc.integer({ min: 1, max: 60 }),
  }),
);

test('requests are kept as in a Map, and numbered upwards', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const requests = new Requests<string>();
      const model = new Map<number, string>();
      let last = 0;
      for (const one of steps) {
        if ('ask' in one) {
          for (let count = 0; count < one.ask; count += 1) {
            const id = requests.nextId;
            expect(id).toBeGreaterThan(last);
            requests.add(id, `request ${id}`);
            model.set(id, `request ${id}`);
            last = id;
          }
        } else {
          for (let count = 0; count < one.times && model.size > 0; count += 1) {
            const id = [...model.keys()][Math.floor(one.answer * model.size)]!;
            expect(requests.get(id)).toBe(model.get(id));
            expect(requests.take(id)).toBe(model.get(id));
            expect(requests.take(id)).toBeUndefined();
            model.delete(id);
          }
        }
        expect(requests.size).toBe(model.size);
        expect(requests.values()).toEqual([...model.values()]);
        for (const id of [0, -1, 0.5, Number.NaN, last + 1, last + 2 ** 32])
          expect(requests.get(id)).toBeUndefined();
      }
    }),
    { seed: SEED },
  );
});
