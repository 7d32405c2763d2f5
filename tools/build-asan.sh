#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# build-asan.sh BUILD-DIRECTORY
#
# nginx and the module in BUILD-DIRECTORY/asan with AddressSanitizer, UBSan
# and NGX_DEBUG_PALLOC (every ngx_palloc is a malloc of its own, so that
# overruns inside a pool are seen).
#
# -z nodelete keeps the module mapped when nginx unloads it at exit, otherwise
# the leak report that comes after that has no names.

set -eu

sanitize="-fsanitize=address,undefined -fno-omit-frame-pointer"
cflags="-g -O1 $sanitize -DNGX_DEBUG_PALLOC=1"

# where memory can fail, for those who ask for it

root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/asan"
nomem=$(cd "$1/asan" && pwd)/nomem.o

"${CC:-gcc}" -g -O1 -Wall -Wextra -Werror -c -o "$nomem.new" \
    "$root/t/util/nomem.c"

if cmp -s "$nomem.new" "$nomem"; then
    rm "$nomem.new"

else
    mv "$nomem.new" "$nomem"
    rm -f "$1/asan/stamp"
fi

# nginx's own habits, harmless and not ours to mend, are left out of its core
# (not of the module): memcpy() of no bytes from NULL, unaligned loads where
# the processor allows them.

export CORE_CFLAGS="$cflags -fno-sanitize=nonnull-attribute,alignment"
export CORE_LDFLAGS="$sanitize $nomem -Wl,--wrap=malloc,--wrap=posix_memalign"
export MODULE_CFLAGS="$cflags"
export MODULE_LDFLAGS="$sanitize -Wl,-z,nodelete"

exec "$root/tools/build-nginx.sh" "$1/asan"
