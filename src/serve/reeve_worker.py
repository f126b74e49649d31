"""Makes a Python program a worker of a Reeve pool: calls come in as JSON lines, handlers answer them.
Python 3.8 and its standard library. docs/guide/workers-python.md tells more, docs/guide/workers-other.md the protocol.
"""
from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import queue
import re
import sys
import threading
import time
import traceback
from typing import Any, Callable, Mapping

__all__ = ["Cancelled", "Context", "heartbeat", "notify", "serve"]

UNREADABLE, NO_SUCH_METHOD, HANDLER_FAILED, CANCELLED = -32700, -32601, -32000, -32800
LONGEST = int(os.environ.get("REEVE_LONGEST_MESSAGE", 1 << 26))  # bytes in a line, without its end
GRACE = 2.0  # seconds that handlers, and what stands after serve(), have to finish once the host is gone


class Cancelled(Exception):
    """Raised by Context.check(). A handler that lets it pass is answered as cancelled."""


class Context:
    """What a handler knows of its call. Any thread may use it; once the call is answered, it tells nobody."""

    def __init__(self, channel: _Channel, request: dict) -> None:
        self.id: int | str = request["id"]
        self.method: str = request["method"]
        self.session: str | None = request.get("session")
        self._items: list | None = None if request.get("stream") is True else []
        self._channel, self._params = channel, request.get("params")
        self._claim = threading.Lock()  # whoever gets it answers the call
        self._telling, self._answered = threading.Lock(), False
        self._cancelled = threading.Event()
        self._interrupt: Callable[[], Any] = lambda: None

    @property
    def cancelled(self) -> bool:
        """Whether the caller does not want the answer any more, or the host is gone."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raises Cancelled when the call is cancelled."""
        if self.cancelled:
            raise Cancelled("the call was cancelled")

    def wait(self, seconds: float) -> bool:
        """Sleeps for so many seconds, or until the call is cancelled; returns whether it is."""
        return self._cancelled.wait(seconds)

    def progress(self, value: Any) -> None:
        """Tells the caller how far it is. Raises ValueError when the value is not JSON, or too long."""
        self._send({"method": "$/progress", "params": {"id": self.id, "value": value}})

    def log(self, message: str, level: str = "info", data: Any = None) -> None:
        """Logs as 'debug', 'info', 'warn' or 'error'; ValueError for other levels, and for data that is not JSON."""
        if level not in ("debug", "info", "warn", "error"):
            raise ValueError(f"no such level: {level!r}")
        notify("$/log", {"level": level, "message": str(message), **({} if data is None else {"data": data})})

    def _send(self, message: dict, last: bool = False) -> None:
        line = _encode(message)
        with self._telling:  # nothing may be told of a call after its answer
            if not self._answered:
                self._answered = last
                self._channel.send(line)

    def _cancel(self) -> None:
        self._cancelled.set()
        with contextlib.suppress(RuntimeError):  # the event loop is closed: the handler is done
            self._interrupt()

    def _run(self, handler: Callable, arity: int) -> Any:
        self.check()
        value = handler(*(self._params, self)[:arity])
        if inspect.isawaitable(value) or inspect.isasyncgen(value):
            return asyncio.run(self._run_async(value))
        if not inspect.isgenerator(value):
            return value
        with contextlib.closing(value):
            while True:
                try:
                    item = next(value)
                except StopIteration as end:
                    return end.value if self._items is None else self._items
                self._emit(item)

    async def _run_async(self, value: Any) -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self._interrupt = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.cancelled:  # a moment too early for the line above
            task.cancel()
        if inspect.isawaitable(value):
            return await value
        async for item in value:  # left early, it is closed by asyncio.run
            self._emit(item)
        return self._items

    def _emit(self, item: Any) -> None:
        self.check()
        if self._items is not None:
            return self._items.append(item)
        self._send({"method": "$/stream", "params": {"id": self.id, "item": item}})


class _Channel:
    """The line to the host. In place of a stdin and stdout that it takes: nothing, and stderr."""

    def __init__(self) -> None:
        kind = os.environ.pop("REEVE_CHANNEL", "stdio")  # a child that inherited it would take the channel for its own
        if kind not in ("stdio", "fd3"):
            raise RuntimeError(f"REEVE_CHANNEL is {kind!r}; reeve_worker speaks 'stdio' and 'fd3'")
        self.incoming, self._outgoing = (3, 3) if kind == "fd3" else (os.dup(0), os.dup(1))
        if kind == "stdio":  # by descriptor, so that C code and children are concerned, too
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)
            os.dup2(2, 1)
            sys.stdout.flush()
            sys.stdout = sys.stderr
        for end in (self.incoming, self._outgoing):
            os.set_inheritable(end, False)
            os.set_blocking(end, True)
        for stream in (sys.stdout, sys.stderr):  # what is printed is seen at once, and not lost at the end
            with contextlib.suppress(AttributeError):
                stream.reconfigure(line_buffering=True)
        self._writing, self._broken = threading.Lock(), False
        self.ended = threading.Event()  # nothing more comes, or nobody reads
        os.register_at_fork(after_in_child=self._forget)

    def send(self, line: bytes) -> None:
        rest = memoryview(line)
        with self._writing:
            try:
                while rest and not self._broken:
                    rest = rest[os.write(self._outgoing, rest) :]
            except OSError:
                self._broken = True
                self.ended.set()

    def _forget(self) -> None:  # in a forked child: the channel is its parent's
        self._writing, self._broken = threading.Lock(), True
        for end in {self.incoming, self._outgoing}:
            os.close(end)


class _Worker:
    """One thread reads, one ends the process in time, and the others, or the calling one, run handlers."""

    def __init__(self, channel: _Channel, handlers: Mapping[str, Callable], threads: int) -> None:
        self._channel = channel
        self._handlers = {method: (handler, _arity(handler)) for method, handler in handlers.items()}
        self._threads = threads
        self._calls: dict[int | str, Context] = {}
        self._waiting, self._exits = queue.SimpleQueue(), queue.SimpleQueue()  # contexts; exceptions; None at the end

    def run(self) -> None:
        aside = [self._work] * self._threads if self._threads > 1 else []
        for act in (self._read, self._end, *aside):
            threading.Thread(target=act, name=f"reeve{act.__name__}", daemon=True).start()
        if not aside:
            self._work()
        for reason in (self._exits.get() for _ in range(self._threads)):
            if reason is not None:
                raise reason

    def _work(self) -> None:
        try:
            for call in iter(self._waiting.get, None):
                if call._claim.acquire(blocking=False):
                    self._settle(call)
            self._waiting.put(None)  # for the next thread
            self._exits.put(None)
        except BaseException as reason:
            self._exits.put(reason)

    def _settle(self, call: Context) -> None:
        try:
            call._send({"id": call.id, "result": call._run(*self._handlers[call.method])}, last=True)
        except (Exception, asyncio.CancelledError) as error:
            stopped = (Cancelled, asyncio.CancelledError) if call.cancelled else Cancelled
            code = CANCELLED if isinstance(error, stopped) else HANDLER_FAILED
            for answer in (full := _describe(error, code), {"code": code, "message": full["message"][:60]}):
                with contextlib.suppress(ValueError):  # too long: then in short
                    call._send({"id": call.id, "error": answer}, last=True)
        self._calls.pop(call.id, None)

    def _read(self) -> None:
        try:  # an OSError: a socket is reset when its host dies with something unread
            with contextlib.suppress(OSError), open(self._channel.incoming, "rb", 1 << 16, closefd=False) as lines:
                for line in lines:
                    self._receive(line)
        finally:
            self._channel.ended.set()

    def _receive(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            method = message["method"]
            id = message["params"]["id"] if method == "$/cancelRequest" else message.get("id")
        except (ValueError, RecursionError, TypeError, LookupError) as error:
            if asked := re.match(rb'{"jsonrpc":"2.0","id":(\d+),', line):  # nested too deeply, say; who asked still waits
                fault = {"code": UNREADABLE, "message": f"the request cannot be read: {error}"}
                return self._channel.send(_encode({"id": int(asked[1]), "error": fault}))
            method = id = None
        if not isinstance(method, str) or not isinstance(id, (int, str, type(None))):
            print(f"reeve_worker: ignored, for it is no request: {line[:200]!r}", file=sys.stderr)
        elif method == "$/cancelRequest":
            call = self._calls.get(id)
            if call is not None:  # it is not answered yet
                call._cancel()
                if call._claim.acquire(blocking=False):  # it still waits: answered without being run
                    self._settle(call)
        elif method in self._handlers and id is not None:
            self._calls[id] = call = Context(self._channel, message)
            self._waiting.put(call)
        elif id is not None:
            unknown = {"error": {"code": NO_SUCH_METHOD, "message": f"no such method: {method[:60]}"}}
            self._channel.send(_encode({"id": id, **({"result": None} if method == "$/ping" else unknown)}))

    def _end(self) -> None:
        self._channel.ended.wait()
        for call in reversed(list(self._calls.values())):  # those that wait before those they wait for
            call._cancel()
        self._waiting.put(None)
        time.sleep(GRACE)
        os._exit(0)


def _encode(message: dict) -> bytes:
    """A line of strict JSON in ASCII: whatever a string holds, the line is valid UTF-8."""
    try:
        text = json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"cannot be written as JSON: {error}") from None
    if len(text) > LONGEST:
        raise ValueError(f"cannot be sent: a message of {len(text)} bytes is longer than {LONGEST} bytes")
    return text.encode() + b"\n"


def _arity(handler: Callable) -> int:
    """How many of (params, ctx) a handler takes; 1 for those written in C that do not tell."""
    with contextlib.suppress(TypeError, ValueError):
        kinds = [parameter.kind.name for parameter in inspect.signature(handler).parameters.values()]
        return 2 if "VAR_POSITIONAL" in kinds else min(2, sum(kind.startswith("POSITIONAL") for kind in kinds))
    return 1


def _describe(error: BaseException, code: int) -> dict:
    """With its name, its traceback from the handler on, and its `data` when that is JSON."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    message = name = type(error).__name__
    facts = {"name": name, "stack": "".join(traceback.format_exception(type(error), error, trace))}
    with contextlib.suppress(Exception):  # an exception may have no data, or be anything but well-behaved
        message = str(error) or name
        _encode({"data": error.data})
        facts["data"] = error.data
    return {"code": code, "message": message, "data": facts}


def serve(handlers: Mapping[str, Callable] | Callable, *, threads: int = 1) -> None:
    """Answers calls until the host is gone or stops this worker.
    handlers: functions by method; or one, whose method is 'run'. Each is called with (params, ctx), a JSON value and a
      Context, or as many of them as it takes. What a generator yields is a stream to who asked for one, else a list.
    threads: how many calls run at a time. With 1 they run one after the other in the thread that called serve().
    Returns when the input has ended and the running handlers are done; 2 s after that end the process is ended. What
    exits a Python program (SystemExit, KeyboardInterrupt) is raised here; a handler's other exceptions are answers.
    """
    global _channel
    by_method = {"run": handlers} if callable(handlers) else dict(handlers)
    for method, handler in by_method.items():
        if not isinstance(method, str) or method.startswith("$/") or not callable(handler):
            raise TypeError(f"the method {method!r} cannot be served with {handler!r}")
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads is a whole number above 0, not {threads!r}")
    _channel = _channel or _Channel()
    _Worker(_channel, by_method, threads).run()


def notify(method: str, params: Any = None) -> None:
    """Sends a notification; params is any JSON value. Before serve(), only in processes that a pool has started."""
    if _channel is not None:
        _channel.send(_encode({"method": method} if params is None else {"method": method, "params": params}))


def heartbeat() -> None:
    """Sends a sign of life, as notify() does."""
    notify("$/heartbeat")


# Taken at once where a pool has started the process, so that nothing printed before serve() gets between the answers.
_channel: _Channel | None = _Channel() if "REEVE_CHANNEL" in os.environ else None
