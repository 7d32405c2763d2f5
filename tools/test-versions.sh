#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# test-versions.sh BUILD-DIRECTORY [FILE ...]
#
# t/*.t, or FILEs, on the nginx of each Debian release that we support.  The
# one that this machine has is taken as it is, others are built from their
# source packages.  NGINX_SOURCES names directories with sources of others
# still, released or from nginx's repository.

set -eu

out=$(cd "$1" && pwd)
shift

sources=
for source in ${NGINX_SOURCES:-}; do
    sources="$sources $(cd "$source" && pwd)"
done

cd "$(dirname "$0")/.."

have=$(nginx -v 2>&1 | sed 's,.*nginx/\([0-9.]*\).*,\1,')
failed=


# build DIRECTORY VERSION [RELEASE]: the nginx that the suites are to take

build() {
    CORE_CFLAGS="-g -O2" CORE_LDFLAGS="" \
        tools/build-nginx.sh "$1" ${3:+"$3"}

    export TEST_NGINX_BINARY="$1/nginx"
    export TEST_NGINX_LOAD_MODULES="$1/ngx_llm_cost_module.so"

    "$1/nginx" -v 2>&1 | grep -qF "nginx/$2" || {
        "$1/nginx" -v
        echo "test-versions: that is not $2, mend the list" >&2
        exit 1
    }
}


# suites VERSION [FILE ...]

suites() {
    version=$1
    shift

    perl t/util/harness.pl --build "$out" --jobs "${JOBS:-2}" nginx "$@" \
        || failed="$failed $version"
}


for release in bookworm:1.22.1 trixie:1.26.3; do
    version=${release#*:}
    release=${release%:*}

    echo
    echo "== nginx $version, $release"

    if [ "$have" = "$version" ]; then
        unset TEST_NGINX_BINARY TEST_NGINX_LOAD_MODULES

    else
        build "$out/nginx-$release" "$version" "$release"
    fi

    suites "$version" "$@"
done

for source in $sources; do
    version=$(sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' \
                  "$source/src/core/nginx.h")

    echo
    echo "== nginx $version, $source"

    # configure writes into its directory; in the repository it is in auto/

    if [ ! -d "$out/nginx-$version/src" ]; then
        mkdir -p "$out/nginx-$version"
        cp -R "$source" "$out/nginx-$version/src"
        [ -f "$source/configure" ] \
        || cp "$source/auto/configure" "$out/nginx-$version/src/"
    fi

    build "$out/nginx-$version" "$version"
    suites "$version" "$@"
done

if [ -n "$failed" ]; then
    echo "test-versions: fails on$failed" >&2
    exit 1
fi
