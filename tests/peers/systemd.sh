#!/bin/bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Process 1 of a small machine in namespaces of its own: systemd.sh FOLDER KONTOR PACKAGING CONFIG
# Installs Kontor as a package would (binaries, unit, sysusers, configuration) over copies of /etc and /var/lib and becomes
# Debian's systemd, which knows no other unit. Ends with 77 where this machine does not permit that.
set -u
folder=$1 kontor=$2 packaging=$3 config=$4
space=$folder/space
may() { "$@" || { echo "not permitted here: $*"; exit 77; }; }

may mount --make-rprivate /
mkdir -p "$space"
may mount -t tmpfs -o mode=755 tmpfs "$space"
mkdir "$space/etc" "$space/lib" "$space/units" "$space/bin" "$space/work"
cp -a /etc/. "$space/etc/"
may mount --bind "$space/etc" /etc
may mount --bind "$space/lib" /var/lib
may mount -t overlay overlay -o "lowerdir=/usr/bin,upperdir=$space/bin,workdir=$space/work" /usr/bin
install -m 755 "$kontor" /usr/bin/kontor
install -m 755 "$(dirname "$kontor")/kontor-extract" /usr/bin/kontor-extract
install -D -m 644 "$config" /etc/kontor/kontor.toml
sed -i '/^kontor:/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
systemd-sysusers "$packaging/kontor.sysusers" || exit 1

install -m 644 "$packaging/kontor.service" "$space/units/"
# Where the journal would be.
mkdir "$space/units/kontor.service.d"
printf '[Service]\nStandardOutput=append:%s\nStandardError=inherit\n' "$folder/kontor.log" >"$space/units/kontor.service.d/log.conf"
for target in sysinit basic shutdown umount local-fs network-online multi-user; do
  printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$target" >"$space/units/$target.target"
done
touch "$folder/console"
may mount --bind "$folder/console" /dev/console
may mount -t tmpfs -o mode=755 tmpfs /run
may mount -t cgroup2 none /sys/fs/cgroup
exec env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin container=test SYSTEMD_UNIT_PATH="$space/units" \
  /lib/systemd/systemd --system --unit=basic.target --log-target=console --show-status=0 --default-standard-output=null
