#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules of the house that no compiler checks: licence lines, third-party headers behind their fences, no includes
that climb out of a room, tests that name no place outside the project."""
import re
import subprocess
import sys

# A header's pattern and the folders that may see it. Everything else keeps behind our own doors.
FENCES = [
    (r"rocksdb/", ["src/store/rocksdb/", "bench/"]),
    (r"xapian", ["src/groupware/search/index/"]),
    (r"boost/asio/(?!awaitable\.hpp)", ["src/net/"]),
    (r"boost/beast", []),
    (r"openssl/(ssl|bio|x509|err)", ["src/net/", "bench/"]),
    (r"spdlog/", ["src/base/log.cc"]),
    (r"prometheus/", ["src/base/metrics.cc"]),
    (r"toml\+\+|toml\.hpp", ["src/base/", "src/migrate/mapping.cc"]),
    (r"archive(_entry)?\.h$", ["src/formats/archive/", "src/extract/"]),
    (r"poppler/", ["src/extract/pdf.cc"]),
    (r"expat\.h$", ["src/extract/xml_text.cc", "src/formats/mapi/xml_tree.cc", "src/wire/xml/parse.cc"]),
    (r"seccomp\.h$", ["src/extract/sandbox.cc"]),
    (r"unbound\.h$", ["src/transport/dns/"]),
    (r"libpsl\.h$", ["src/transport/auth/public_suffixes.cc"]),
    (r"formats/mapi/", ["src/formats/mapi/", "src/migrate/", "fuzz/"]),
    (r"libical/", ["src/formats/icalendar/", "bench/expansion_cost.cc"]),
    (r"re2/", ["src/formats/sieve/"]),
    (r"curl/", ["src/migrate/", "src/login/introspection.cc", "src/transport/sending/mta_sts.cc", "src/transport/filtering/http_call.cc", "src/transport/push/push_client.cc", "src/transport/calls/"]),
    (r"mysql|errmsg\.h$", ["src/migrate/kopano/database.cc"]),
    (r"ldap\.h$|lber\.h$", ["src/migrate/kopano/ldap_client.cc"]),
    (r"argon2|crypt\.h$", ["src/directory/"]),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)")
ALLOWED_MACROS = re.compile(r"^(KONTOR_\w+|TRY|TRY_VOID|CO_TRY|CO_TRY_VOID|TOML_EXCEPTIONS)$")


def files(*patterns):
    return subprocess.run(["git", "ls-files", *patterns], capture_output=True, text=True, check=True).stdout.split()


def main():
    faults = []
    for path in files("*.cc", "*.h", "*.py", "*.sh", "*.fbs", "*.ts"):
        with open(path, encoding="utf-8") as handle:
            lines = handle.read().splitlines()
        if not any("SPDX-License-Identifier: AGPL-3.0-or-later" in line for line in lines[:3]):
            faults.append(f"{path}:1: the licence line is missing")
        if not path.endswith((".cc", ".h")):
            continue
        for number, line in enumerate(lines, 1):
            if match := MACRO.match(line):
                if not ALLOWED_MACROS.match(match.group(1)):
                    faults.append(f"{path}:{number}: macro {match.group(1)}: only TRY and its kin are macros here")
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match.group(1)
            if ".." in header.split("/"):
                faults.append(f"{path}:{number}: {header} climbs out of its room")
            for pattern, allowed in FENCES:
                if re.match(pattern, header) and not any(path.startswith(folder) for folder in allowed):
                    faults.append(f"{path}:{number}: {header} may be seen only in {', '.join(allowed)}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
