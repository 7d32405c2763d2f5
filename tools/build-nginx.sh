#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# build-nginx.sh DIRECTORY [RELEASE]
#
# An nginx for tests, from Debian's source package, and the module against it:
# DIRECTORY/nginx and DIRECTORY/ngx_llm_cost_module.so.  CORE_CFLAGS are for
# nginx alone, MODULE_CFLAGS and MODULE_LDFLAGS for the module, CORE_LDFLAGS
# for nginx.
#
# The module stays dynamic, as in production: the order of phases and filters
# of a dynamic module is its own, a static one would test another product.
#
# The core is built once; the module whenever a source changed.

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

mkdir -p "$1"
dir=$(cd "$1" && pwd)
name=$(basename "$dir")

# A leak check of configure's little programs would fail them

export ASAN_OPTIONS=detect_leaks=0


if [ ! -f "$dir/src/configure" ]; then
    echo "$name: fetching the source of nginx"
    "$root/tools/fetch-nginx.sh" "$dir" "${2:-}" > "$dir/fetch.log" 2>&1 || {
        tail -n 20 "$dir/fetch.log" >&2
        exit 1
    }
fi


# what the suites use, less what only takes time to build

flags="--with-compat --with-debug --with-threads --with-pcre-jit \
--with-http_ssl_module --with-http_v2_module --with-http_realip_module \
--with-http_auth_request_module --with-http_addition_module \
--with-http_gunzip_module --with-http_sub_module \
--with-http_stub_status_module --with-http_slice_module \
--without-http_memcached_module --without-http_grpc_module \
--without-http_ssi_module \
--without-http_charset_module --without-http_userid_module \
--without-http_autoindex_module --without-http_browser_module \
--without-http_empty_gif_module"

stamp="$flags $CORE_CFLAGS"

if [ ! -x "$dir/nginx" ] || [ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ]
then
    echo "$name: building nginx (once)"

    cd "$dir/src"

    # what configure-module.sh reads, as nginx-dev has it

    echo "NGX_CONF_FLAGS=( $flags )" > conf_flags

    rm -rf "$dir/core" "$dir/module"

    {
        ./configure $flags --builddir="$dir/core" --with-cc="${CC:-gcc}" \
                    --with-cc-opt="$CORE_CFLAGS -Wno-error" \
                    --with-ld-opt="$CORE_LDFLAGS" \
        && make -j "$(nproc)" -f "$dir/core/Makefile" binary

    } > "$dir/core.log" 2>&1 || {
        tail -n 20 "$dir/core.log" >&2
        exit 1
    }

    cp "$dir/core/nginx" "$dir/nginx"
    echo "$stamp" > "$dir/stamp"
fi


cd "$root"

sources=$(ls config config.make tools/configure-module.sh \
             ngx_llm_cost_module/*.[ch] ngx_llm_cost_module/providers/*.[ch] \
             ngx_llm_cost_module/scripts/*.lua \
             tokenizer/include/*.h tokenizer/src/*.[ch] 2>/dev/null || true)

if [ ! -f "$dir/module/Makefile" ] \
   || [ "$(cat "$dir/sources" 2>/dev/null)" != "$sources" ] \
   || [ config -nt "$dir/sources" ]
then
    tools/configure-module.sh "$dir/src" "$dir/module"
    echo "$sources" > "$dir/sources"
fi

make -C "$dir/src" -f "$dir/module/Makefile" modules > "$dir/module.log" 2>&1 \
|| {
    tail -n 30 "$dir/module.log" >&2
    exit 1
}

cp -p "$dir/module/ngx_llm_cost_module.so" "$dir/"
