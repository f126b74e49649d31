// A worker of workerpool's: it has to say itself what it can do.
import workerpool from 'workerpool';
import { burn, echo, first } from '../subjects/dispatch-tasks.mjs';

workerpool.worker({ first, echo, burn });
