"""The printed report of a consortium of 40 libraries, read back from the PDF: nothing is cut off or wider than the sheet, tables break between their rows, and name their columns on each page.

The page is the real one; the node's answer is multiplied on its way to it.
"""

import copy
import re

import pypdfium2
from playwright.sync_api import expect

COUNT = 40
# Points: the sheet's margin is 10 mm.
MARGIN = 10 / 25.4 * 72
# Of each long table: what its rows are called, the numbers that stand in them alone, and what its head says.
TABLES = {
    "Library": (1001, "Asked Answered Within 60 s Missed Abandoned Referred"),
    "Answering people": (2001, "Answered by people of Where Chats"),
    "Queue": (3001, "Queue Offered Picked up Expired Ended otherwise"),
    "Staff": (4001, "People of With somebody there All people together"),
}


def title(kind, number):
    """One is as long as a title may be, and one has no place at which it might break."""
    names = {7: "of the College of Agricultural and Life Sciences", 8: "X" * 60}
    return f"{kind} {number:02} {names.get(number, 'of the University')}"


def multiplied(report):
    """What a report says of one library, said of 40: each with numbers of its own."""
    report = copy.deepcopy(report)
    template = report["libraries"][0]["numbers"]
    numbers = range(1, COUNT + 1)
    one = lambda kind, number, **rest: {"library": f"library-{number:02}", "title": title(kind, number), **rest}
    report["libraries"] = [one("Library", n, numbers={**template, "asked": 1000 + n, "answered": 900, "missed": 50, "abandoned": 40}) for n in numbers]
    report["answeredBy"] = [one("Answering people", n, atGeneral=n % 2 == 0, chats=2000 + n) for n in numbers]
    report["answeredFor"] = []
    waits = template["waits"]
    report["queues"] = [{"queue": f"q{n}", "title": title("Queue", n), "offered": 3000 + n, "pickedUp": 2900, "expired": 50, "withdrawn": 20, "targetGone": 20, "chatOver": 10, "waits": waits} for n in numbers]
    report["duty"] = {"minutes": 90_000, "peopleMinutes": 400_000, "libraries": [one("Staff", n, minutes=9_000, peopleMinutes=10_000, answered=4000 + n) for n in numbers]}
    report["numbers"] = {**report["numbers"], "asked": 40_820, "answered": 36_000}
    return report


def words(text):
    return " ".join(text.split())


def read(pdf):
    """Of each page its text, and the edges of what is written on it, in points."""
    pages = []
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        boxes = [text.get_charbox(place) for place in range(text.count_chars()) if text.get_text_range(place, 1).strip()]
        edges = [min(box[0] for box in boxes), min(box[1] for box in boxes), max(box[2] for box in boxes), max(box[3] for box in boxes)]
        pages.append((words(text.get_text_range()), edges, page.get_size(), page))
    return pages


def judge(pages, meanings):
    whole = " ".join(text for text, *_ in pages)
    for text, (left, bottom, right, top), (width, height), _ in pages:
        assert left >= MARGIN - 2 and right <= width - MARGIN + 2, f"something stands beside the sheet, from {left} to {right} of {width}: {text[:80]}"
        # The pages' numbers stand in the margin below.
        assert bottom >= 2 and top <= height - MARGIN + 2, f"something stands above or below the sheet: {text[:80]}"
    for kind, (first, head) in TABLES.items():
        spread = 0
        for number in range(COUNT):
            mark, name = f"{first + number:,}", title(kind, number + 1)
            # A name without any place to break is broken somewhere.
            found = [text for text, *_ in pages if name.replace(" ", "") in text.replace(" ", "") and re.search(rf"(?<![\d,]){mark}(?![\d,])", text)]
            assert len(found) == 1, f"the row of {name} with {mark} is on {len(found)} pages"
            assert head in found[0], f"the columns of {name} are not named on its page: {found[0][:300]}"
        spread = sum(head in text for text, *_ in pages)
        assert whole.count(head) == spread, f"{head} is named twice on a page"
    for meaning in meanings:
        assert whole.count(words(meaning)) == 1, f"defined {whole.count(words(meaning))} times: {meaning}"
    assert len(pages) <= 6, f"{len(pages)} pages"
    assert sum(TABLES["Library"][1] in text or TABLES["Staff"][1] in text for text, *_ in pages) > 1, "no table goes from one page to the next, so nothing was looked at"


def print_consortium(stage, page, address):
    page.route(re.compile(r"/api/reports\?"), lambda route: (lambda answer: route.fulfill(response=answer, json=multiplied(answer.json())))(route.fetch()))
    page.goto(address)
    expect(page.get_by_role("row").filter(has_text=title("Staff", COUNT))).to_be_visible()
    meanings = page.locator("#report .meaning").all_text_contents()
    assert len(meanings) > 10 and len(set(meanings)) == len(meanings), meanings
    for sheet in ("A4", "Letter"):
        pages = read(page.pdf(format=sheet, path=str(stage.shots / f"reports-40-{sheet}.pdf")))
        for number, (_, _, _, sheet_page) in enumerate(pages, 1):
            sheet_page.render(scale=1.6).to_pil().save(stage.shots / f"reports-40-{sheet}-{number}.png")
        judge(pages, meanings)
