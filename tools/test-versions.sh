#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# test-versions.sh BUILD-DIRECTORY [FILE ...]
#
# t/*.t, or FILEs, on the nginx of each Debian release that we support.  The
# one that this machine has is taken as it is, others are built from their
# source packages.

set -eu

out=$(cd "$1" && pwd)
shift

cd "$(dirname "$0")/.."

have=$(nginx -v 2>&1 | sed 's,.*nginx/\([0-9.]*\).*,\1,')
failed=

for release in bookworm:1.22.1 trixie:1.26.3; do
    version=${release#*:}
    release=${release%:*}
    dir=$out/nginx-$release

    echo
    echo "== nginx $version, $release"

    if [ "$have" = "$version" ]; then
        unset TEST_NGINX_BINARY TEST_NGINX_LOAD_MODULES

    else
        CORE_CFLAGS="-g -O2" CORE_LDFLAGS="" \
            tools/build-nginx.sh "$dir" "$release"

        export TEST_NGINX_BINARY="$dir/nginx"
        export TEST_NGINX_LOAD_MODULES="$dir/ngx_llm_cost_module.so"

        "$dir/nginx" -v 2>&1 | grep -qF "nginx/$version" || {
            "$dir/nginx" -v
            echo "test-versions: $release has another nginx, mend the list" >&2
            exit 1
        }
    fi

    perl t/util/harness.pl --build "$out" --jobs "${JOBS:-2}" nginx "$@" \
        || failed="$failed $version"
done

if [ -n "$failed" ]; then
    echo "test-versions: fails on$failed" >&2
    exit 1
fi
