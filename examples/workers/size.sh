#!/bin/sh
# A worker in plain sh: `size` tells how many bytes a file has.
answer() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
fail() { answer "\"error\":{\"code\":$1,\"message\":\"$2\"}"; }
take() { printf '%s\n' "$line" | sed -n "s/$1/\1/p"; }

while IFS= read -r line; do
  id=$(take '^{"jsonrpc":"2.0","id":\([0-9]*\),.*')
  [ -n "$id" ] || continue # a notification: nothing to answer
  case $(take '^{"jsonrpc":"2.0","id":[0-9]*,"method":"\([^"]*\)".*') in
    '$/ping') answer '"result":null' ;;
    size)
      path=$(take '.*"params":{"path":"\([^"\\]*\)"}.*')
      if [ -z "$path" ]; then
        fail -32602 'it takes a path, of characters that JSON does not escape'
      elif size=$(wc -c <"$path"); then
        answer "\"result\":$((size))"
      else
        fail -32000 'it cannot be read'
      fi
      ;;
    *) fail -32601 'no such method' ;;
  esac
done
