/** When a process has its pid and its start time to itself: from then on the two prove who it is. */
import type { ClearingTools } from './clearing.ts';
import { type ProcessIdentity, sameProcess } from './identity.ts';
import type { Timer } from './os.ts';

/**
 * Start times are coarse: what dies at once can have a successor with its pid and its start time. Whoever is seen under
 * the two when that time is over, as a child of whoever forked ours, is ours; and nobody will ever have the two again.
 * To have heard nothing of its death proves less: who should tell of it may hang.
 *
 * @param parent the pid of whoever forked it
 * @returns how to stop waiting, which is due when it dies
 */
export function whenSettled(
  { kernel, clock }: Pick<ClearingTools, 'kernel' | 'clock'>,
  identity: ProcessIdentity,
  parent: number,
  onSettled: () => void,
): () => void {
  let timer: Timer;
  let over = false;
  const wait = (): void => {
    timer = clock.setTimeout(() => void look(), kernel.settlesIn);
  };
  const look = async (): Promise<void> => {
    const seen = await kernel.sight(identity.pid).catch(() => 'cannot look' as const);
    if (over) return;
    if (seen === 'cannot look')
      wait(); // for want of a descriptor, as a rule
    else if (seen?.parent === parent && sameProcess(seen, identity)) onSettled();
  };
  wait();
  return () => {
    over = true;
    clock.clearTimeout(timer);
  };
}
