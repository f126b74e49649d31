/** What the calls of a worker that is gone fail with. */
import { ProtocolError, WorkerCrashedError, WorkerEndedError } from '../call-errors.ts';
import type { Lost } from '../channel/channel.ts';
import { describeExit } from '../worker/exit-reason.ts';
import type { Member } from './member.ts';

export function errorOfLoss(member: Member, lost: Lost): Error {
  switch (lost.by) {
    case 'exit': {
      const { reason } = lost;
      return new WorkerCrashedError(member, describeExit(reason), reason, member.channel.wire.stderrTail());
    }
    case 'closed':
      return new ProtocolError(member, 'closed', 'it closed its channel, and lives on');
    case 'fault':
      return new ProtocolError(member, lost.fault.kind, lost.fault.message);
  }
}

/** Whether nobody meant it to go: neither its pool, which needed it no more, nor whoever stops all of them. */
export function isLoss({ endedFor }: Member, lost: Lost): boolean {
  if (endedFor !== undefined) return !(endedFor instanceof WorkerEndedError);
  return lost.by !== 'exit' || lost.reason.kind !== 'shutdown';
}

/** Whether it is ended for what it did before it was ready: of its start it is only said that it was killed. */
export const isMutelyEnded = ({ readyAt, onGone }: Member, lost: Lost): boolean =>
  readyAt === 0 && onGone === undefined && lost.by !== 'exit';
