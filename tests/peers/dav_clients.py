# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real clients of calendars and contacts, each told no more than the host, its user and the password."""
import json
import os
import re
import subprocess
import textwrap
import urllib.parse

import caldav

from .dav_wire import NAMES

WELL_KNOWN = "/.well-known/"
END = "§"


def run(command, folder, input="y\n" * 20):
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}
    done = subprocess.run([str(part) for part in command], input=input, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class Curl:
    """Many requests in one process; paths are those of the server, decoded."""

    def __init__(self, folder, server, user):
        folder.mkdir(parents=True)
        self.folder, self.user = folder, user
        self.base = f"https://127.0.0.1:{server.port('https')}"
        self.certificate = server.certificate

    def ask(self, requests):
        """Each request is a dict of curl's long options; the answers are (status, body, where it was)."""
        lines = ["silent", "show-error"]
        for number, request in enumerate(requests):
            options = {"user": f"{self.user}:secret", "cacert": self.certificate, "globoff": True, "output": self.folder / f"{number}.out",
                       "write-out": r"%{http_code} %{url_effective}\n", **request, "url": self.base + urllib.parse.quote(request["url"])}
            lines += ["next"] if number else []
            for name, value in options.items():
                for one in value if isinstance(value, list) else [value]:
                    lines.append(name if one is True else f'{name} = "{str(one).translate({34: chr(92) + chr(34), 92: chr(92) * 2}) if name != "write-out" else one}"')
        (self.folder / "curlrc").write_text("\n".join(lines))
        for number in range(len(requests)):
            (self.folder / f"{number}.out").unlink(missing_ok=True)
        answers = run(["curl", "-K", self.folder / "curlrc"], self.folder).splitlines()
        assert len(answers) == len(requests)
        out = []
        for number, answer in enumerate(answers):
            status, url = answer.split(" ", 1)
            file = self.folder / f"{number}.out"
            out.append((int(status), file.read_bytes() if file.exists() else b"", urllib.parse.unquote(urllib.parse.urlsplit(url).path)))
        return out

    def propfind(self, path, properties, depth=0):
        body = "<propfind xmlns='DAV:' xmlns:C='{C}' xmlns:CR='{CR}' xmlns:A='{A}'><prop>{0}</prop></propfind>".format(
            "".join(f"<{name}/>" for name in properties), **NAMES)
        [(status, answer, _)] = self.ask([{"url": path, "request": "PROPFIND", "data": body, "location": True, "post301": True, "header": [f"Depth: {depth}", "Content-Type: application/xml"]}])
        assert status == 207, (status, answer)
        return answer.decode()

    def discover(self, kind, home_set):
        """From the host's name to {last segment: path} of the collections in the home."""
        principal = self._href(self.propfind(WELL_KNOWN + kind, ["current-user-principal"]), "current-user-principal")
        home = self._href(self.propfind(principal, [home_set]), home_set.split(":")[1])
        listed = re.findall(r"<D:href>([^<]*)</D:href>", self.propfind(home, ["resourcetype"], 1))
        paths = [urllib.parse.unquote(one) for one in listed]
        return {path.rstrip("/").rsplit("/", 1)[1]: path for path in paths if path != home}

    @staticmethod
    def _href(answer, name):
        return urllib.parse.unquote(re.search(rf"<(?:\w+:)?{name}[^>]*>\s*<D:href>([^<]*)", answer).group(1))

    def put(self, contents, content_type):
        """{path: bytes} to {path: status}."""
        requests = []
        for number, (path, content) in enumerate(contents.items()):
            file = self.folder / f"{number}.in"
            file.write_bytes(content)
            requests.append({"url": path, "upload-file": file, "header": [f"Content-Type: {content_type}", "Expect:"]})
        return {path: status for path, (status, _, _) in zip(contents, self.ask(requests))}

    def get(self, paths, **headers):
        sent = [f"{name}: {value}" for name, value in headers.items()]
        answers = self.ask([{"url": path, "header": sent} for path in paths])
        return {path: body for path, (status, body, _) in zip(paths, answers) if status == 200}

    def everything(self, collection, **headers):
        """{path: bytes} of all items of a collection."""
        listed = re.findall(r"<D:href>([^<]*)</D:href>", self.propfind(collection, ["getetag"], 1))
        return self.get([path for path in map(urllib.parse.unquote, listed) if path != collection], **headers)


class PythonCaldav:
    def __init__(self, server, user):
        self.client = caldav.DAVClient(f"https://127.0.0.1:{server.port('https')}{WELL_KNOWN}caldav", username=user, password="secret",
                                       ssl_verify_cert=str(server.certificate))
        self.calendars = {urllib.parse.unquote(one.url.path).rstrip("/").rsplit("/", 1)[1]: one for one in self.client.principal().calendars()}

    def write(self, collection, text):
        """What it sent, which it makes anew from what it understood."""
        calendar = self.calendars[collection]
        save = calendar.save_todo if "BEGIN:VTODO" in text else calendar.save_journal if "BEGIN:VJOURNAL" in text else calendar.save_event
        return save(text).data

    def everything(self, collection):
        calendar = self.calendars[collection]
        return [one.data for one in [*calendar.events(), *calendar.todos(include_completed=True), *calendar.journals()]]


class Desk:
    """vdirsyncer, with khal, todoman and khard on its folders."""

    def __init__(self, folder, server, user, collections=()):
        self.folder = folder
        self.calendars, self.contacts = folder / "calendars", folder / "contacts"
        for path in (self.calendars, self.contacts, *(self.calendars / name for name in collections)):
            path.mkdir(parents=True)
        pairs = "".join(textwrap.dedent(f"""\
            [pair {kind}]
            a = "{kind}_here"
            b = "{kind}_there"
            collections = ["from a", "from b"]
            metadata = {json.dumps(metadata)}
            conflict_resolution = "b wins"
            [storage {kind}_here]
            type = "filesystem"
            path = "{folder}/{kind}"
            fileext = ".{extension}"
            [storage {kind}_there]
            type = "{door}"
            url = "https://127.0.0.1:{server.port('https')}{WELL_KNOWN}{door}"
            username = "{user}"
            password = "secret"
            verify = "{server.certificate}"
            """) for kind, door, extension, metadata in (("calendars", "caldav", "ics", ["displayname", "color"]), ("contacts", "carddav", "vcf", ["displayname"])))
        (folder / "vdirsyncer.conf").write_text(f'[general]\nstatus_path = "{folder}/status"\n{pairs}')
        (folder / "todoman.py").write_text(f'path = "{self.calendars}/*"\ndate_format = "%Y-%m-%d"\ntime_format = "%H:%M"\ncache_path = "{folder}/todo.db"\n'
                                           'default_list = "tasks"\n')
        (folder / "khard.conf").write_text(f"[addressbooks]\n[[people]]\npath = {self.contacts}/contacts\n[general]\ndefault_action = list\n"
                                           "[vcard]\npreferred_version = 3.0\n[contact table]\ndisplay = formatted_name\n")
        self.vdirsyncer("discover")

    def configure_khal(self):
        sections = "".join(f"[[{path.name}]]\npath = {path}\n" for path in sorted(self.calendars.iterdir()))
        formats = "".join(f"{name} = %Y-%m-%d\n" for name in ("dateformat", "longdateformat"))
        formats += "".join(f"{name} = %Y-%m-%d %H:%M\n" for name in ("datetimeformat", "longdatetimeformat"))
        (self.folder / "khal.conf").write_text(f"[calendars]\n{sections}[locale]\ntimeformat = %H:%M\n{formats}default_timezone = Europe/Berlin\n"
                                               f"local_timezone = Europe/Berlin\n[default]\ndefault_calendar = calendar\n[sqlite]\npath = {self.folder}/khal.db\n")

    def vdirsyncer(self, *arguments):
        return run(["vdirsyncer", "-c", self.folder / "vdirsyncer.conf", *arguments], self.folder)

    def khal(self, *arguments, **options):
        self.configure_khal()
        return run(["khal", "-c", self.folder / "khal.conf", *arguments], self.folder, **options)

    def agenda(self, begin, end, *fields):
        """A set of tuples, a multi-day event being there once."""
        listed = self.khal("list", "-df", "", "-f", "|".join("{" + name + "}" for name in fields) + END, begin, end)
        return {tuple(row.strip("\n").split("|")) for row in listed.split(END)[:-1]}

    def todoman(self, *arguments):
        return run(["todoman", "--config", self.folder / "todoman.py", *arguments], self.folder)

    def tasks(self):
        return json.loads(run(["todoman", "--config", self.folder / "todoman.py", "--porcelain", "list", "--status", "ANY"], self.folder))

    def khard(self, *arguments, **options):
        return run(["khard", "-c", self.folder / "khard.conf", *arguments], self.folder, **options)

    def everything(self, kind, collection):
        """{file: bytes} of one of its folders."""
        return {path: path.read_bytes() for path in (self.folder / kind / collection).iterdir() if path.suffix in (".ics", ".vcf")}
