# A worker of the soak, in Python: the same methods as worker.mjs.
import os
import time

import reeve_worker

tallies = {}


def echo(params):
    return params


def fill(length):
    return "x" * length


def fail(message):
    raise ValueError(message)


def count(to, call):
    for number in range(to):
        call.progress(number)
        yield number


def tally(_, call):
    tallies[call.session] = tallies.get(call.session, 0) + 1
    return tallies[call.session]


def wait(ms, call):
    call.wait(ms / 1000)
    call.check()


def ignore(ms):
    """Does not look whether it is wanted any more."""
    time.sleep(ms / 1000)


def crash():
    os._exit(3)


reeve_worker.serve(
    {each.__name__: each for each in (echo, fill, fail, count, tally, wait, ignore, crash)}, threads=2
)
