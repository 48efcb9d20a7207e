#!/bin/sh
# shellcheck disable=SC2154  # sp_backup is an assignment in front of the script
# Looks at the backup that the merchant named. Reads it from beginning to end, changes nothing.
sp_backup() {
    LC_ALL=C
    if [ ! -e "$sp_backup" ]; then
        printf 'found=false\n'
        return
    fi
    printf 'found=true\n'
    if [ ! -f "$sp_backup" ] || [ ! -r "$sp_backup" ]; then
        printf 'readable=false\nwhy=it is not a file that can be read\n'
        return
    fi
    sum=$(sha256sum <"$sp_backup") || {
        printf 'readable=false\nwhy=it could not be read to its end\n'
        return
    }
    # What is packed must also unpack: a backup that was cut off is none.
    case $sp_backup in
    *.gz | *.tgz) test_with='gzip -t' ;;
    *.xz) test_with='xz -t' ;;
    *.bz2) test_with='bzip2 -t' ;;
    *.zst) test_with='zstd -tq' ;;
    *) test_with='' ;;
    esac
    if [ -n "$test_with" ] && command -v "${test_with%% *}" >/dev/null 2>&1; then
        # shellcheck disable=SC2086  # two words by intent
        if ! $test_with <"$sp_backup" >/dev/null 2>&1; then
            printf 'readable=false\nwhy=it does not unpack\n'
            return
        fi
    fi
    printf 'readable=true\nsha256=%s\n' "${sum%% *}"
    printf 'size=%s\n' "$(wc -c <"$sp_backup" | tr -d ' ')"
    printf 'modified_at=%s\n' "$(stat -c %Y -- "$sp_backup")"
}
