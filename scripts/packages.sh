#!/usr/bin/env bash
# SPDX-License-Identifier: AGPL-3.0-or-later
# Makes sure that Debian's packages are there: `packages.sh build|test|bench|lint|fuzz [more sets]`.
# Asks for nothing; quick when all is installed.
set -euo pipefail

build="clang-19 libclang-rt-19-dev mold ccache ninja-build cmake make pkg-config git ca-certificates
  libboost1.81-dev libboost-json1.81-dev libssl-dev librocksdb-dev libxapian-dev libflatbuffers-dev flatbuffers-compiler
  zlib1g-dev libzstd-dev libarchive-dev libicu-dev libre2-dev libcli11-dev libfmt-dev libspdlog-dev prometheus-cpp-dev
  libcurl4-openssl-dev libmariadb-dev libldap-dev libargon2-dev libcrypt-dev libtomlplusplus-dev libgtest-dev libpoppler-cpp-dev
  libexpat1-dev libical-dev libseccomp-dev libunbound-dev dns-root-data libpsl-dev publicsuffix"
test="python3 python3-pytest python3-pytest-xdist dovecot-imapd dovecot-lmtpd dovecot-sieve dovecot-managesieved sieve-connect isync offlineimap3 mpop gsasl curl swaks openssl procps zstd libnss3-tools thunderbird systemd libfaketime python3-spf python3-dkim python3-nacl python3-cryptography nsd ldnsutils postfix opendkim libxml2-utils rspamd clamav-daemon python3-milter
  mariadb-server slapd ldap-utils swift-proxy swift-account swift-container swift-object memcached litmus vdirsyncer khal khard todoman python3-caldav python3-icalendar python3-recurring-ical-events python3-vobject python3-dateutil radicale
  evolution-data-server gir1.2-ecal-2.0 gir1.2-ebook-1.2 python3-gi dbus-daemon openssh-server openssh-client"
bench="libbenchmark-dev procps dovecot-pop3d dovecot-fts-xapian radicale cyrus-caldav"
lint="clang-tidy-19 clang-format-19 python3"
fuzz="llvm-19"

wanted=""
for set in "$@"; do
  case $set in
    build | test | bench | lint | fuzz) wanted+=" ${!set}" ;;
    *) echo "packages.sh: no set named '$set'; there are build, test, bench, lint and fuzz" >&2; exit 2 ;;
  esac
done

missing=()
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
for package in $wanted; do
  grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "packages.sh: run as root, or install: ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
${sudo:-} apt-get update -qq
# Services that a package would start are not wanted: tests start their own.
printf '#!/bin/sh\nexit 101\n' | ${sudo:-} tee /tmp/kontor-policy-rc.d >/dev/null
${sudo:-} sh -c '[ -e /usr/sbin/policy-rc.d ] || { install -m 755 /tmp/kontor-policy-rc.d /usr/sbin/policy-rc.d; touch /tmp/kontor-policy-rc.d.ours; }'
trap '${sudo:-} sh -c "[ -e /tmp/kontor-policy-rc.d.ours ] && rm -f /usr/sbin/policy-rc.d /tmp/kontor-policy-rc.d.ours; rm -f /tmp/kontor-policy-rc.d"' EXIT
${sudo:-} apt-get install -y -qq --no-install-recommends "${missing[@]}" >/tmp/kontor-packages.log 2>&1 ||
  { tail -n 20 /tmp/kontor-packages.log >&2; exit 1; }
