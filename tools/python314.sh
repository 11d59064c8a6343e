#!/bin/sh
# Runs what needs Python 3.14 where a machine has none: in a folder with Debian unstable, by chroot, so as root. The folder
# is filled by the first run (debootstrap, 600 MB) and used again by the next:
#
#     sh tools/python314.sh FOLDER
set -eu
template=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
folder=${1:?name the folder to put Debian unstable into}

if [ ! -x "$folder/usr/bin/python3.14" ]; then
    debootstrap --variant=minbase --include=ca-certificates,git,python3.14,python3.14-venv sid "$folder"
fi
# Where this machine finds package indexes, and whom it trusts.
cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
rm -rf "$folder/fn-template"
git clone --quiet "$template" "$folder/fn-template"
# shellcheck disable=SC2016  # The inner shell expands them.
# What is mounted is gone with the namespace. Nothing is skipped for want of this Python; the tests bear its name.
unshare --mount sh -euc 'mount --bind /proc "$0/proc"; exec chroot "$0" "$@"' "$folder" \
    /usr/bin/env HOME=/root PATH=/usr/bin:/bin FN_MUST_HAVE=python3.14 sh -euc '
    cd /fn-template
    python3.14 -m venv /venv
    /venv/bin/python -m pip install --quiet uv
    /venv/bin/uv run --quiet --python python3.14 pytest -k 3.14
'
