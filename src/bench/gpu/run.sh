#!/bin/sh
# Runs a bundle: verifies, tests and measures on this machine's GPU, in less than 10 minutes.
#   run.sh FOLDER [option ...]      (run.sh --help shows the options)
# PyTorch is that of python3, or of the Python that MMP_PYTHON names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# Of the bundle's libraries only those that the machine lacks: its own fit its driver.
lacking="$here/lacking"
rm -rf "$lacking"
mkdir "$lacking"
known=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true)
for file in "$here"/lib/*; do
  name=${file##*/}
  echo "$known" | grep -q "[[:space:]]$name (" || ln -s "$file" "$lacking/$name"
done
LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$lacking"
MMP_PYTHON="${MMP_PYTHON:-python3}"
export LD_LIBRARY_PATH MMP_PYTHON

exec "$here/bin/node" "$here/dist/src/bench/main.js" bench-gpu "$@"
