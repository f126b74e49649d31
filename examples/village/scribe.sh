# Follows the log that it is given; a newline on descriptor 3 says that it is ready.
echo >&3
exec 3>&-
exec tail -n 0 -f "$1"
