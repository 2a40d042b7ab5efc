"""Plays what libraries' scripts ask of the old vendor, with the vendor's own library (`lh3api` of PyPI), against a running demonstration.

Usage: libraryh3lp.py BASE_PORT    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)

The calls and the fields that are looked at are those of the library's examples and of Scholars Portal's scripts. A transfer by REST moves a chat that really goes on.
"""

import asyncio
import configparser
import os
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from client import Client as Speaker
from client import Failure, http
from service import birth, expect

# The library was written for Pythons that still had this name.
if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser

import lh3.api  # noqa: E402

base = int(sys.argv[1])
HOST = f"127.0.0.1:{base + 5}"
URL = f"http://{HOST}"
TOKEN = (Path(os.environ["CALLSLIP_DEMO"]) / "college" / "admin").read_text().split("\n")[1]
ZONE = "America/Chicago"
PEOPLE = """general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: scrolls
    title: Library of Scrolls
    node: college
    queues: [{name: scrolls, title: Library of Scrolls, aliases: [ask-scrolls]}]
    operators:
      - {name: sam.scrolls, display: Sam, password: papyrus-and-reed-1, queues: [scrolls], admin: true}
      - {name: ann.scrolls, display: Ann, password: papyrus-and-reed-2, queues: [scrolls]}
      - {name: rob.scrolls, display: Rob, password: papyrus-and-reed-3, queues: [scrolls], committee: rmt}
  - name: tablets
    title: Library of Tablets
    node: college
    queues: [{name: tablets, title: Library of Tablets}]
    operators:
      - {name: tess.tablets, display: Tess, password: wedges-in-clay-1, queues: [tablets]}
      - {name: tina.tablets, display: Tina, password: wedges-in-clay-2, queues: [tablets], admin: true}
"""
# What the fields of a chat are called; scripts drop columns by these names, and stop where one is missing.
CHAT = {
    "id", "guest", "queue", "queue_id", "profile", "protocol", "started", "accepted", "ended", "wait", "duration", "operator", "ip", "referrer", "tags",
    "desktracker_id", "desktracker_url", "reftracker_id", "reftracker_url",
}


def until(condition, what):
    deadline = time.monotonic() + 30
    while not (found := condition()):
        expect(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(0.1)
    return found


def configure():
    """The library reads its servers and passwords from files at home, and from nowhere else at first."""
    home = tempfile.mkdtemp()
    folder = Path(home) / ".lh3"
    folder.mkdir()
    (folder / "config").write_text(f"[default]\nserver = {HOST}\nscheme = http\ntimezone = {ZONE}\n")
    (folder / "credentials").write_text("[default]\nusername = sam.scrolls\npassword = papyrus-and-reed-1\n")
    os.environ["HOME"] = home


def client(name="sam.scrolls", password="papyrus-and-reed-1", **options):
    made = lh3.api.Client()
    made.set_credentials(name, password)
    made.set_options(**options)
    return made


def sign_in():
    for version in ("v1", "v2", "v3"):
        admin = client(version=version)
        expect(admin.is_admin() and isinstance(admin.account_id(), int), f"{version}: {admin.account_id()}")
    expect(client("rob.scrolls", "papyrus-and-reed-3").is_admin(), "RMT sees lists of chats")
    expect(not client("ann.scrolls", "papyrus-and-reed-2").is_admin(), "an operator is no admin")
    try:
        client("ann.scrolls", "not-this-one").is_admin()
        raise Failure("a wrong password signed in")
    except lh3.api.LH3Error as error:
        expect("do not belong together" in str(error), f"the reason is not told: {error}")
    # A page of another site signs nobody in, and the sign-ins are the desk's.
    foreign = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://elsewhere.example"}
    status, said, cookie = http("POST", f"{URL}/2013-07-21/auth/login", b"username=ann.scrolls&password=papyrus-and-reed-2", foreign)
    expect(status == 403 and said["code"] == "otherSite" and not cookie, f"{status} {said}")
    leaving = client("ann.scrolls", "papyrus-and-reed-2")
    expect(isinstance(leaving.all("queues").get_list(), list), "signed in")
    token = leaving.api().session.cookies.get("callslip_session")
    expect(http("GET", f"{URL}/api/me", headers={"Cookie": f"callslip_session={token}"})[1]["operator"] == "ann.scrolls", "not the desk's sign-in")
    expect(leaving.api().session.post(f"{URL}/2013-07-21/auth/logout").json() == {"success": True}, "signed out")
    expect(http("GET", f"{URL}/api/me", headers={"Cookie": f"callslip_session={token}"})[0] == 401, "the sign-in outlived its end")
    # A script that signs in each time it asks keeps nobody out: its own oldest sign-ins give way.
    tokens = [client("ann.scrolls", "papyrus-and-reed-2").api().session.cookies.get("callslip_session") for _ in range(21)]
    lives = lambda token: http("GET", f"{URL}/api/me", headers={"Cookie": f"callslip_session={token}"})[0] == 200
    expect(not lives(tokens[0]) and lives(tokens[1]) and lives(tokens[-1]), "which sign-ins of a script live")


def roster(admin):
    queues = admin.all("queues").get_list()
    mine = next(one for one in queues if one["name"] == "scrolls")
    expect({"id", "name", "type", "show", "status", "email", "avatar", "transcripts"} <= mine.keys(), f"{mine}")
    found = admin.find_queue_by_name("scrolls")
    expect(found.get()["id"] == mine["id"], "one queue by its number")
    operators = found.all("operators").get_list()
    expect({one["name"] for one in operators} == {"sam.scrolls", "ann.scrolls", "rob.scrolls"}, f"{operators}")
    expect(all(one["enabled"] is False and one["queue"] == "scrolls" for one in operators), f"{operators}")
    admin.set_options(version="v1")
    users = admin.all("users")
    person = next(one for one in users.get_list() if one["name"] == "tess.tablets")
    expect({"id", "name", "type", "show", "status", "email"} <= person.keys(), f"{person}")
    expect(admin.find_user_by_name("tess.tablets").get()["name"] == "tess.tablets", "one person by their number")
    assignments = users.one(person["id"]).all("assignments").get_list()
    expect([(one["queue"], one["user"], one["enabled"]) for one in assignments] == [("tablets", "tess.tablets", False)], f"{assignments}")
    expect(admin.find_queue_by_name("nowhere") is None and admin.find_user_by_name("nobody") is None, "what is not there")
    expect(admin.one("queues", 1).get()["success"] is False, "an unknown number")
    admin.set_options(version="v2")


def today():
    """As the script's clock has it; around midnight the day before as well."""
    now = datetime.now(ZoneInfo(ZONE))
    return now - timedelta(minutes=5), now


def chats(admin, **options):
    first, last = today()
    return admin.chats().list_day(first.year, first.month, first.day, to=last.strftime("%Y-%m-%d"), **options)


def line(admin, guest):
    return next((one for one in chats(admin) if one["guest"].startswith(guest)), None)


async def operator(name, password):
    status, body, _ = await asyncio.to_thread(http, "POST", URL + "/api/sign-in", {"operator": name, "password": password})
    expect(status == 200, f"{name} signs in: {status} {body}")
    return await Speaker(f"ws://{HOST}/ws").connect({"t": "hello", "v": 1, "role": "operator", "client": "lh3/1", "session": body["session"]})


async def a_chat(admin):
    """Asked, answered, transferred by REST and ended; looked at in the list at each step."""
    sam, tess = await operator("sam.scrolls", "papyrus-and-reed-1"), await operator("tess.tablets", "wedges-in-clay-1")
    await sam.ok("available", queue="scrolls", on=True)
    patron = await Speaker(f"ws://{HOST}/ws").connect({"t": "hello", "v": 1, "role": "patron", "client": "lh3/1"})
    born = birth("scrolls")
    chat = born["chat"]
    await patron.ok("open", **born)
    await patron.say(chat, "Which of these scrolls is the oldest?")
    mine = await asyncio.to_thread(until, lambda: line(admin, chat), "the chat in the list")
    expect(mine.keys() == CHAT, f"{mine.keys() ^ CHAT}")
    expect(mine["queue"] == "scrolls" and mine["protocol"] == "web" and mine["accepted"] is None and mine["ended"] is None, f"{mine}")
    expect(isinstance(mine["id"], int) and mine["id"] < 2**53 and mine["queue_id"] == admin.find_queue_by_name("scrolls").get()["id"], f"{mine}")
    started = datetime.strptime(mine["started"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo(ZONE))
    expect(abs(datetime.now(timezone.utc) - started) < timedelta(minutes=3), f"{mine['started']} is not now in {ZONE}")

    path = f"/queues/{mine['queue']}/calls/{mine['guest']}/{mine['id']}/transfer"
    refused = await asyncio.to_thread(admin.api().post, "v1", path, json={"target": "tablets@chat.127.0.0.1"})
    expect(refused["success"] is False and "do not hold" in refused["error"], f"{refused}")
    token = (await sam.ok("claim", chat=chat))["token"]
    await sam.say(chat, "The one on the left.", token=token)
    taken = await asyncio.to_thread(until, lambda: (seen := line(admin, chat)) and seen["accepted"] and seen, "the answer in the list")
    expect(taken["operator"] == "sam.scrolls" and taken["wait"] >= 0 and taken["ended"] is None, f"{taken}")
    oldest = await asyncio.to_thread(admin.api().get, "v1", f"/conversations/{started:%Y/%m/%d}", params={"format": "json", "to": f"{started:%Y-%m-%d}"})
    expect(next(one for one in oldest if one["id"] == mine["id"])["started"] == mine["started"].replace(" ", "T"), "the oldest version's times")
    # Whoever is of another library sees none of it, and a committee no person.
    stranger = client("tina.tablets", "wedges-in-clay-2")
    expect(all(one["queue"] == "tablets" for one in await asyncio.to_thread(chats, stranger)), "another library's chats in the list")
    other = client("rob.scrolls", "papyrus-and-reed-3")
    expect((await asyncio.to_thread(line, other, chat))["operator"] == "scrolls", "a committee sees who answered")

    # Nobody is there to take it; then somebody is.
    targets = await asyncio.to_thread(admin.api().get, "v1", path)
    expect(targets["users"] == [] and "tablets@chat.127.0.0.1" not in targets["queues"], f"{targets}")
    refused = await asyncio.to_thread(admin.api().post, "v1", path, json={"target": "tablets@chat.127.0.0.1"})
    expect(refused["success"] is False and "not available" in refused["error"], f"{refused}")
    await tess.ok("available", queue="tablets", on=True)
    await asyncio.to_thread(
        until, lambda: "tablets@chat.127.0.0.1" in admin.api().get("v1", path)["queues"], "the queue among the targets")
    # Not by whoever does not hold it, though they are of the same library.
    ann = client("ann.scrolls", "papyrus-and-reed-2")
    refused = await asyncio.to_thread(ann.api().post, "v1", path, json={"target": "tablets@chat.127.0.0.1"})
    expect(refused["success"] is False and "do not hold" in refused["error"], f"{refused}")
    unknown = await asyncio.to_thread(admin.api().post, "v1", path, json={"target": "nowhere@chat.127.0.0.1"})
    expect(unknown["success"] is False and "nowhere" in unknown["error"], f"{unknown}")

    # As a form, as the vendor's own pages send it.
    form = {"target": "tablets@chat.127.0.0.1"}
    session = admin.api().session
    answer = await asyncio.to_thread(lambda: session.post(f"{URL}/2011-12-03{path}", data=form).json())
    expect(answer == {"success": True}, f"{answer}")
    await patron.until("to be asked", lambda: patron.state(chat)["phase"].get("offer", {}).get("asked"))
    offer = patron.state(chat)["phase"]["offer"]["offer"]
    await patron.ok("consent", chat=chat, offer=offer, agreed=True)
    await tess.board("the offer", lambda b: next((w for w in b["waiting"] if w["chat"] == chat and w.get("offer") == offer), None))
    token = (await tess.ok("pickup", chat=chat, offer=offer))["token"]
    await patron.event(chat, "pickedUp")
    await tess.say(chat, "It is a tablet, in fact.", token=token)
    await patron.text(chat, "It is a tablet, in fact.")
    await tess.ok("close", chat=chat, token=token)
    ended = await asyncio.to_thread(until, lambda: (seen := line(admin, chat)) and seen["ended"] and seen, "the end in the list")
    expect(ended["id"] == mine["id"] and ended["operator"] == "sam.scrolls" and ended["duration"] >= 0, f"{ended}")
    await tess.ok("available", queue="tablets", on=False)
    await sam.ok("available", queue="scrolls", on=False)
    # What the node's page forgets, the library's transcripts keep: it stays in the list when nobody looks at it any more.
    for speaker in (patron, sam, tess):
        await speaker.leave()
    expect(await asyncio.to_thread(line, admin, chat), "the chat left the list")
    return ended


def lists(admin, ended):
    """What Scholars Portal's scripts make of a list of chats."""
    seen = [one for one in chats(admin) if "practice" not in one.get("queue")]
    answered = [one for one in seen if one.get("accepted") is not None]
    expect(ended["id"] in [one["id"] for one in answered], "answered")
    expect(ended["guest"].split("@")[0][0:8] and ended["guest"].count("@") == 1, ended["guest"])
    for one in seen:
        datetime.strptime(one["started"], "%Y-%m-%d %H:%M:%S")
    first, _ = today()
    whole = admin.chats()
    expect(ended["id"] in [one["id"] for one in whole.list_month(first.year, first.month) + whole.list_month(*today()[1].timetuple()[:2])], "a month")
    expect(ended["id"] in [one["id"] for one in whole.list_year(today()[1].year)], "a year")
    expect(whole.list_day(2020, 2, 30)["success"] is False, "a day that is none")
    expect(whole.list_day(2020, 1, 1, to="2019-12-31")["success"] is False, "from the end to the beginning")
    expect(whole.list_day(2020, 1, 1) == [], "a day without chats")
    expect(client(timezone="Nowhere/Land").chats().list_day(2020, 1, 1)["success"] is False, "a zone that is none")
    expect(client("ann.scrolls", "papyrus-and-reed-2").chats().list_day(2020, 1, 1)["code"] == "notAllowed", "an operator's list")


def reports(admin):
    reports, (first, last) = admin.reports(), today()
    days = {"start": first.strftime("%Y-%m-%d"), "end": last.strftime("%Y-%m-%d")}
    queue = admin.find_queue_by_name("scrolls").get()["id"]
    table = lambda text: [row.split(",") for row in text.split("\r\n") if row]
    hours = table(reports.chats_per_hour(**days))
    expect(hours[0] == ["hour", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] and len(hours) == 25, f"{hours[0]}")
    place = last.isoweekday() % 7 + 1
    total = sum(int(cell) for row in hours[1:] for cell in row[1:])
    expect(total >= 1 and sum(int(row[place]) for row in hours[1:]) >= (1 if first.day == last.day else 0), f"{hours}")
    for name, head in (("chats_per_month", "protocol"), ("chats_per_protocol", "protocol"), ("chats_per_profile", "profile"), ("chats_per_queue", "queue")):
        rows = table(getattr(reports, name)(**days, queues=f"[{queue}]"))
        expect(rows[0][0] == head and len(rows) == 2 and sum(map(int, rows[1][1:])) == total, f"{name}: {rows}, {total}")
    expect(table(reports.chats_per_queue(**days))[1][0] == "scrolls", "a library's one queue")
    months = table(reports.chats_per_month(start=f"{last.year - 1}-{last.month:02}-01", end=days["end"]))
    expect(len(months[0]) == 14 and months[0][-1] == f"{last.month:02}/{last.year}", f"{months}")
    # As Scholars Portal's dashboard reads it.
    people = [row.split(",") for row in reports.chats_per_operator(**days).split("\r\n")[1:] if row]
    expect(all(len(row) == 6 for row in people) and ["scrolls", str(total)] == people[0][:2], f"{people}, {total}")
    expect(int(table(reports.chats_per_protocol(**days, notanswered="true"))[1][1]) >= total, "those that nobody answered as well")
    expect(reports.chats_per_hour(start="yesterday")["success"] is False, "a day that is none")
    expect(reports.chats_per_hour(queues="tablets")["success"] is False, "another library's queue")
    expect(client("ann.scrolls", "papyrus-and-reed-2").reports().chats_per_hour()["code"] == "notAllowed", "an operator's report")


def main():
    configure()
    status, said, _ = http("POST", URL + "/api/import", PEOPLE.encode(), {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/yaml"})
    expect(status == 200, f"the import: {status} {said}")
    until(lambda: http("POST", URL + "/api/sign-in", {"operator": "tess.tablets", "password": "wedges-in-clay-1"})[0] == 200, "the people")
    sign_in()
    admin = client()
    roster(admin)
    ended = asyncio.run(a_chat(admin))
    lists(admin, ended)
    reports(admin)
    print(f"libraryh3lp: sign-in, roster, chats, reports and a transfer, by lh3api as it is")


try:
    main()
except Failure as failure:
    sys.exit(f"libraryh3lp: {failure}")
