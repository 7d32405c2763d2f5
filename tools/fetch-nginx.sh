#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# fetch-nginx.sh DIRECTORY [RELEASE]
#
# Debian's source package of nginx, with Debian's patches, as DIRECTORY/src:
# of the release that this machine runs, or of RELEASE ("trixie").
#
# It comes from the same places as this machine's own packages, which are
# asked for source packages in lists of our own: the system's lists are not
# touched.  Archives drop a version before they stop listing it; so the newest
# that can be had is taken.  Where all that is left of it is the original
# archive, whose hash Debian has signed too, nginx is built without patches.

set -eu

mkdir -p "$1"
dir=$(cd "$1" && pwd)
release=${2:-}

. /etc/os-release

here=${VERSION_CODENAME:-none}
lists=$dir/apt

rm -rf "$lists" "$dir"/nginx_* "$dir"/nginx-*/
mkdir -p "$lists/parts" "$lists/state/partial" "$lists/cache/partial"

for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    case $file in
        *.sources)
            sed "s/^Types:.*/Types: deb-src/
                 /^Suites:/s/\<$here\>/${release:-$here}/g" "$file" \
                > "$lists/parts/$(basename "$file")"
            ;;
        *.list)
            [ ! -f "$file" ] || sed -n "s/^[[:space:]]*deb[[:space:]]/deb-src /
                                        s/\<$here\>/${release:-$here}/gp" \
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

versions=$(apt-cache "$@" madison nginx \
           | awk -F '|' '/Sources/ { gsub(" ", "", $2); print $2 }')

for version in $versions; do
    if apt-get -q "$@" source "nginx=$version" && [ -d nginx-*/ ]; then
        break
    fi

    rm -rf nginx-*/
done

if [ ! -d nginx-*/ ]; then
    for version in $versions; do
        apt-get -q "$@" --tar-only source "nginx=$version" || continue
        tar -xf nginx_*.orig.tar.* && break
    done
fi

if [ ! -d nginx-*/ ]; then
    echo "no source package of nginx can be had"
    exit 1
fi

rm -rf src
mv nginx-*/ src
rm -rf "$lists" nginx_*
