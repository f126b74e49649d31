/** What the calls of a worker that is gone fail with. */
import { ProtocolError, WorkerCrashedError } from '../call-errors.ts';
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
