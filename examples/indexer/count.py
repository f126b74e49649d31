# A worker of the pool `words`: `count` tells how many lines and words a file has, and how many bytes.
import reeve_worker  # the pool puts it where Python finds it

# Seconds for each file, so that there is something to watch: without them all is over in half a second.
PACE = 0.02


def count(path, call):
    call.wait(PACE)  # as time.sleep(), but over at once when the call is cancelled
    with open(path, "rb") as file:
        content = file.read()
    return {"lines": content.count(b"\n"), "words": len(content.split()), "bytes": len(content)}


reeve_worker.serve({"count": count})
