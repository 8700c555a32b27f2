#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-or-later
# A private Dovecot on loopback, for tests and the demo.
#
#   dovecot.sh start DIR PORT [MAIL_LOCATION]   IMAP in the clear on 127.0.0.1:PORT; LMTP on DIR/run/lmtp
#   dovecot.sh stop DIR
#
# Everything lies in DIR. Users: anything in DIR/users ("name:{PLAIN}password" lines; user0 to user9 with "pass" by
# default); home is DIR/mail/NAME. Master user "master" with "masterpass" logs in as "name*master", or with SASL PLAIN
# authzid=name. Mail belongs to the system user "mail" when started by root, else to the caller.
set -eu
command=$1 dir=$2
case $command in
start)
  port=$3 location=${4:-maildir:%h/Maildir}
  mkdir -p "$dir/run" "$dir/state" "$dir/mail"
  if [ "$(id -u)" = 0 ]; then
    owner=mail
    internal=dovecot login=dovenull
    chown mail:mail "$dir/mail"
    chmod 755 "$dir"
  else
    owner=$(id -un)
    internal=$owner login=$owner
  fi
  if [ ! -f "$dir/users" ]; then
    i=0
    while [ $i -lt 10 ]; do echo "user$i:{PLAIN}pass"; i=$((i + 1)); done >"$dir/users"
  fi
  echo "master:{PLAIN}masterpass" >"$dir/masters"
  cat >"$dir/dovecot.conf" <<CONF
base_dir = $dir/run
state_dir = $dir/state
instance_name = $(basename "$dir")
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_master_user_separator = *
log_path = $dir/log
mail_location = $location
default_internal_user = $internal
default_internal_group = $(id -gn $internal)
default_login_user = $login
first_valid_uid = 1
mail_max_userip_connections = 100
mail_fsync = never
passdb {
  driver = passwd-file
  master = yes
  args = scheme=PLAIN username_format=%u $dir/masters
  result_success = continue
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u $dir/users
}
userdb {
  driver = static
  args = uid=$owner gid=$(id -gn $owner) home=$dir/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox Sent {
    special_use = \\Sent
  }
  mailbox Trash {
    special_use = \\Trash
  }
}
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
CONF
  dovecot -c "$dir/dovecot.conf"
  ;;
stop)
  [ ! -f "$dir/run/master.pid" ] || kill "$(cat "$dir/run/master.pid")"
  ;;
*)
  echo "usage: dovecot.sh start|stop DIR [PORT [MAIL_LOCATION]]" >&2
  exit 64
  ;;
esac
