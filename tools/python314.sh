#!/bin/sh
# Runs the tests for Python 3.14 on a machine without it. They run in Debian unstable by chroot, so you must be root.
# The first run fills FOLDER (debootstrap, 600 MB); later runs use it again:
#
#     sh tools/python314.sh FOLDER
set -eu
template=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
folder=${1:?name a folder for Debian unstable}

if [ ! -x "$folder/usr/bin/python3.14" ]; then
    debootstrap --variant=minbase --include=ca-certificates,git,python3.14,python3.14-venv sid "$folder"
fi
# Package indexes are reached and trusted as on this machine.
cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
rm -rf "$folder/fn-template"
git clone --quiet "$template" "$folder/fn-template"
# The mount ends with its namespace.
# shellcheck disable=SC2016  # The inner shells expand these.
unshare --mount sh -euc 'mount --bind /proc "$0/proc"; exec chroot "$0" "$@"' "$folder" \
    /usr/bin/env HOME=/root PATH=/usr/bin:/bin FN_MUST_HAVE=python3.14 sh -euc '
    cd /fn-template
    python3.14 -m venv /venv
    /venv/bin/python -m pip install --quiet uv
    /venv/bin/uv run --quiet --python python3.14 pytest -k 3.14
'
