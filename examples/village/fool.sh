# Juggles for some seconds, then drops everything: crashes now and then, to be started again.
n=0
while [ "$n" -lt 12 ]; do
  n=$((n + 1))
  sleep 1
done
echo "dropped everything" >&2
exit 1
