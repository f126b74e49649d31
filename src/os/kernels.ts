/** Which twin answers on this machine: /proc where there is one, `ps` elsewhere. */
import { linuxKernel } from './linux/linux-kernel.ts';
import { procIsUsable } from './linux/proc.ts';
import type { Kernel } from './os.ts';
import { portableKernel } from './portable/portable-kernel.ts';

export type KernelName = 'linux' | 'portable';

export const kernelHere = (): KernelName => (procIsUsable() ? 'linux' : 'portable');

export function kernelNamed(name: string | undefined): Kernel {
  return name === 'portable' ? portableKernel() : linuxKernel();
}
