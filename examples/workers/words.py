#!/usr/bin/env python3
# A worker in plain Python, without the helper: `words` counts the words of a text.
import json
import sys

METHODS = {"$/ping": lambda params: None, "words": lambda params: len(params.split())}

for line in sys.stdin.buffer:
    request = json.loads(line)
    if "id" not in request:
        continue  # a notification: nothing to answer
    try:
        outcome = {"result": METHODS[request["method"]](request.get("params"))}
    except Exception as error:
        code = -32000 if request["method"] in METHODS else -32601
        outcome = {"error": {"code": code, "message": repr(error)}}
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **outcome}), flush=True)
