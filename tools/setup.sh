#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# setup.sh [LIST]
#
# Installs the Debian packages of tools/packages.txt, or of LIST, that are
# missing.  Asks apt for its lists only when something is missing; does nothing elsewhere
# than on Debian's kind of system; tells what to do when not root.

set -eu

cd "$(dirname "$0")/.."

list=${1:-tools/packages.txt}

if ! command -v dpkg-query > /dev/null; then
    echo "setup: no dpkg here; see $list for what is needed"
    exit 0
fi

missing=

# A line may name a command after the package: whoever has the command from
# elsewhere (Node from its makers) needs no package.

while read -r package command; do
    case $package in '' | '#'*) continue ;; esac

    if [ -n "$command" ] && command -v "$command" > /dev/null; then
        continue
    fi

    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null \
             || true)

    if [ "$status" != installed ]; then
        missing="$missing $package"
    fi
done < "$list"

if [ -z "$missing" ]; then
    exit 0
fi

if [ "$(id -u)" != 0 ]; then
    echo "setup: packages are missing, install them as root:" >&2
    echo "setup:     apt-get install$missing" >&2
    exit 1
fi

echo "setup: installing$missing"

export DEBIAN_FRONTEND=noninteractive

apt-get -q update
apt-get -q install -y --no-install-recommends $missing
