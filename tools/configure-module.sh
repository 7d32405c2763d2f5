#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# configure-module.sh NGINX-SOURCE BUILD-DIRECTORY
#
# Configures the module out of tree against Debian's nginx-dev, with the
# options of Debian's own nginx, which the module's signature must match.
# Other sources do not say their options: --with-compat is what packages of
# nginx are built with, and all that the signature needs.

set -eu

src=$1
out=$2
root=$(cd "$(dirname "$0")/.." && pwd)

if [ ! -f "$src/configure" ]; then
    echo "error: no nginx source in $src." >&2
    echo "On Debian: apt-get install nginx-dev" >&2
    exit 1
fi

mkdir -p "$out"
out=$(cd "$out" && pwd)

cd "$src"

# conf_flags is a bash array; its items hold no spaces

flags=--with-compat

if [ -f conf_flags ]; then
    flags=$(sed -n 's/^NGX_CONF_FLAGS=(\(.*\))$/\1/p' conf_flags)
fi

if ! ./configure $flags \
                 --with-cc="${CC:-gcc}" \
                 --with-cc-opt="$MODULE_CFLAGS" \
                 --with-ld-opt="$MODULE_LDFLAGS" \
                 --builddir="$out" \
                 --add-dynamic-module="$root" > "$out/configure.log" 2>&1
then
    tail -n 20 "$out/configure.log" >&2
    exit 1
fi
