#!/bin/sh

# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# install.sh DIR [FROM]: the SDKs of FROM's package-lock.json (that of this
# directory), with the ordinary npm client, into DIR/node_modules, unless they
# are there.

set -eu

from=${2:-$(cd "$(dirname "$0")" && pwd)}
to=$1

mkdir -p "$to"

if cmp -s "$from/package-lock.json" "$to/installed"; then
    exit 0
fi

cp "$from/package.json" "$from/package-lock.json" "$to"

(cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --silent)

cp "$from/package-lock.json" "$to/installed"
