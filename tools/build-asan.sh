#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# build-asan.sh BUILD-DIRECTORY
#
# Builds Debian's nginx, from Debian's source package with Debian's patches,
# with AddressSanitizer, UBSan and NGX_DEBUG_PALLOC (every ngx_palloc is a
# malloc of its own, so that overruns inside a pool are seen), and the module
# against it.  Leaves BUILD/asan/nginx and BUILD/asan/ngx_llm_cost_module.so.
#
# The module stays dynamic, as in production: the order of phases and filters
# of a dynamic module is its own, a static one would test another product.
# -z nodelete keeps it mapped when nginx unloads it at exit, otherwise the
# leak report that comes after that has no names.
#
# The core is built once; the module whenever a source changed.

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
dir=$1/asan

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# A leak check of configure's little programs would fail them

export ASAN_OPTIONS=detect_leaks=0


fetch() {
    # The same places as this machine's own package sources, asked for source
    # packages, in a list of our own: the system's lists are not touched.

    lists=$dir/apt
    rm -rf "$lists" nginx_*
    mkdir -p "$lists/parts" "$lists/state/partial" "$lists/cache/partial"

    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
        case $file in
            *.sources)
                sed 's/^Types:.*/Types: deb-src/' "$file" \
                    > "$lists/parts/$(basename "$file")"
                ;;
            *.list)
                [ ! -f "$file" ] || sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' \
                    "$file" > "$lists/parts/$(basename "$file")"
                ;;
        esac
    done

    set -- -o Dir::Etc::sourcelist=/dev/null \
           -o Dir::Etc::sourceparts="$lists/parts" \
           -o Dir::State::lists="$lists/state" \
           -o Dir::Cache="$lists/cache" \
           -o APT::Sandbox::User=root \
           -o APT::Get::List-Cleanup=0 \
           -o Acquire::http::Timeout=30 \
           -o Acquire::https::Timeout=30

    # a third party's list may fail; whether nginx is there is what matters

    apt-get -q "$@" update || true

    cd "$dir"

    # The newest version that can be had: an archive may list one that it has
    # already dropped.  Only nginx's own version matters, and all have that.

    for version in $(apt-cache "$@" madison nginx \
                     | awk -F '|' '/Sources/ { print $2 }')
    do
        rm -rf nginx-*/

        if apt-get -q "$@" source "nginx=$version" && [ -d nginx-*/ ]; then
            mv nginx-*/ src
            rm -rf "$lists" nginx_*
            return 0
        fi
    done

    echo "no source package of nginx can be had"
    return 1
}


if [ ! -f "$dir/src/configure" ]; then
    rm -rf "$dir/src"
    echo "asan: fetching the source of nginx"
    fetch > "$dir/fetch.log" 2>&1 || {
        tail -n 20 "$dir/fetch.log" >&2
        exit 1
    }
fi


sanitize="-fsanitize=address,undefined -fno-omit-frame-pointer"
cflags="-g -O1 $sanitize -DNGX_DEBUG_PALLOC=1"

# nginx's own habits, harmless and not ours to mend, are left out of its core
# (not of the module): memcpy() of no bytes from NULL, unaligned loads where
# the processor allows them.

core_cflags="$cflags -fno-sanitize=nonnull-attribute,alignment"

# what the suites use, less what only takes time to build

flags="--with-compat --with-debug --with-threads --with-pcre-jit \
--with-http_ssl_module --with-http_v2_module --with-http_realip_module \
--with-http_auth_request_module --with-http_addition_module \
--with-http_gunzip_module --with-http_sub_module \
--with-http_stub_status_module --with-http_slice_module \
--without-http_fastcgi_module --without-http_uwsgi_module \
--without-http_scgi_module --without-http_memcached_module \
--without-http_grpc_module --without-http_ssi_module \
--without-http_charset_module --without-http_userid_module \
--without-http_autoindex_module --without-http_browser_module \
--without-http_empty_gif_module"

stamp="$flags $core_cflags"

if [ ! -x "$dir/nginx" ] || [ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ]
then
    echo "asan: building nginx (once)"

    cd "$dir/src"

    # what configure-module.sh reads, as nginx-dev has it

    echo "NGX_CONF_FLAGS=( $flags )" > conf_flags

    rm -rf "$dir/core" "$dir/module"

    {
        ./configure $flags --builddir="$dir/core" --with-cc="${CC:-gcc}" \
                    --with-cc-opt="$core_cflags -Wno-error" \
                    --with-ld-opt="$sanitize" \
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
    MODULE_CFLAGS="$cflags" MODULE_LDFLAGS="$sanitize -Wl,-z,nodelete" \
        tools/configure-module.sh "$dir/src" "$dir/module"
    echo "$sources" > "$dir/sources"
fi

make -C "$dir/src" -f "$dir/module/Makefile" modules > "$dir/module.log" 2>&1 \
|| {
    tail -n 30 "$dir/module.log" >&2
    exit 1
}

cp -p "$dir/module/ngx_llm_cost_module.so" "$dir/"
