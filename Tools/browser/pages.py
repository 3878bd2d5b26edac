#!/usr/bin/env python3
"""Looks at the pages of mmubench in a real browser, as a reader would: clicks, keys, print, phone, dark.

    pages.py MMUBENCH               exit 1 when something is not as it should be, 77 without Chromium
    pages.py MMUBENCH --keep DIR    also leaves pictures of what was seen in DIR
"""

import argparse
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from chromium import Chromium, program

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# A walk, faults under Windows, a timeline, a dump; what is drawn widest: ways through Linux, five levels.
SCENARIOS = {
    "walk": "Scenarios/x86/x64-rights-intersection.yaml",
    "fault": "Scenarios/windows/win-valid-cow.yaml",
    "timeline": "Scenarios/timelines/win-page-life.yaml",
    "dump": "Scenarios/dumps/x64-4l-pti.yaml",
    "ways": "Scenarios/linux/linux-fault-paths.yaml",
    "levels": "Scenarios/x86/la57-rights-cube.yaml",
}
# Between the margins of A4.
PAPER = {"width": 718, "height": 1047}
VISIBLE = "(e => e && e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible')"


class Checks:
    """What is found, and the pictures."""

    def __init__(self, browser, folder):
        self.browser, self.folder, self.problems, self.count = browser, folder, [], 0

    def that(self, what, holds):
        self.count += 1
        if not holds:
            self.problems.append(what)
            print(f"browser: {what}", file=sys.stderr)

    def picture(self, name):
        if self.folder:
            self.browser.picture(self.folder / f"{name}.png")

    def quiet(self, name, allowed):
        """No complaint of a script or of the policy, and no request but for the page itself."""
        for complaint in self.browser.complaints():
            self.that(f"{name}: {complaint}", False)
        strays = [url for url in self.browser.requests()
                  if not url.startswith("data:") and not allowed(url)]
        self.that(f"{name}: asks for {strays}", not strays)

    def fits(self, name):
        """Nothing is wider than the window, but for what scrolls by itself."""
        wide = self.browser.eval("document.documentElement.scrollWidth - innerWidth")
        self.that(f"{name}: {wide} pixels wider than the window", wide <= 0)

    def whole(self, name):
        """Drawings are seen from edge to edge, and nothing that they say is cut off."""
        wide = self.browser.eval(
            f"""[...document.querySelectorAll('.figure')].filter({VISIBLE})
            .map((figure) => figure.scrollWidth - figure.clientWidth).filter((more) => more > 1)""")
        self.that(f"{name}: {len(wide)} drawings are wider than their box, by {wide[:5]} pixels", not wide)
        cut = self.browser.eval(
            f"""[...document.querySelectorAll('.figure svg text')].filter({VISIBLE}).filter((text) => {{
            const box = text.getBBox(), view = text.ownerSVGElement.viewBox.baseVal;
            return box.x < 0 || box.x + box.width > view.width || box.y + box.height > view.height;
            }}).map((text) => text.textContent)""")
        self.that(f"{name}: cut off: {cut[:3]}", not cut)

    def legible(self, name, least=9):
        """No text of a drawing is too small to be read: where there is no room, drawings are moved."""
        size = self.browser.eval(
            f"""Math.min(...[...document.querySelectorAll('svg text')].filter({VISIBLE}).map((text) => {{
            const svg = text.ownerSVGElement;
            return parseFloat(getComputedStyle(text).fontSize)
              * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
            }}))""")
        self.that(f"{name}: text of {size:.1f} pixels", size >= least)

    def balanced(self, name):
        """A strip of bits that is broken is broken in the middle."""
        rows = self.browser.eval(
            f"""[...document.querySelectorAll('.bits')].filter({VISIBLE}).map((strip) => {{
            const widths = {{}};
            for (const bit of strip.children)
              widths[bit.offsetTop] = (widths[bit.offsetTop] ?? 0) + bit.offsetWidth;
            return Object.values(widths);
            }})""")
        torn = [row for row in rows if len(row) == 2 and min(row) < max(row) / 3]
        self.that(f"{name}: strips of bits are torn: {torn}", not torn)

    def aligned(self, name):
        """A heading of the table of rights stands over the middle of its column."""
        off = self.browser.eval(
            f"""[...document.querySelectorAll('table.rights')].filter({VISIBLE}).flatMap((table) =>
            [...table.tHead.rows[0].cells].slice(1).map((head, place) => {{
            const middle = (cell) => {{ const range = document.createRange(); range.selectNodeContents(cell);
              const box = range.getBoundingClientRect(); return box.x + box.width / 2; }};
            return Math.abs(middle(head) - middle(table.tBodies[0].rows[0].cells[place + 1])); }})).filter((more) => more > 2)""")
        self.that(f"{name}: headings of rights stand beside their columns, by {off[:3]} pixels", not off)

    def tree(self):
        """What a screen reader is told: (role, name, description, depth) in the order of reading."""
        nodes = {node["nodeId"]: node for node in self.browser.call("Accessibility.getFullAXTree")["nodes"]}
        read = []

        def visit(node, depth):
            if not node.get("ignored") and node["role"]["value"] != "InlineTextBox":
                words = [node.get(key, {}).get("value", "") for key in ("role", "name", "description")]
                read.append((*words, depth))
            for child in node.get("childIds", []):
                if child in nodes:
                    visit(nodes[child], depth + 1)

        visit(next(iter(nodes.values())), 0)
        return read

    def readable(self, name):
        """The page makes sense to those who do not see it."""
        tree = self.tree()
        roles = {"button", "link", "image", "slider", "textbox", "combobox", "DisclosureTriangle", "table",
                 "columnheader", "rowheader", "meter", "heading", "region", "navigation", "alert"}
        bare = [role for role, words, _, _ in tree
                if role in roles - {"table", "alert"} and not words.strip()]
        self.that(f"{name}: without a name: {bare}", not bare)
        twice = {words for _, words, more, _ in tree if words and words == more}
        self.that(f"{name}: read out twice: {sorted(twice)[:3]}", not twice)
        # A link that is named by the bit it inverts, or an arrow that is named by its sign, says nothing.
        dumb = {words for role, words, _, _ in tree
                if role in ("button", "link") and not any(len(word) > 2 for word in words.split())}
        self.that(f"{name}: names that say nothing: {sorted(dumb)[:3]}", not dumb)
        # A drawing is told by its name, not by its digits one by one.
        inside = [after[1] for before, after in zip(tree, tree[1:])
                  if before[0] == "image" and after[3] > before[3]]
        self.that(f"{name}: parts of drawings are read: {inside[:3]}", not inside)
        levels = self.browser.eval(
            f"[...document.querySelectorAll('h1, h2, h3, h4, h5')].filter({VISIBLE}).map((e) => +e.tagName[1])")
        jumps = [pair for pair in zip(levels, levels[1:]) if pair[1] > pair[0] + 1]
        self.that(f"{name}: headings skip a level: {jumps[:3]}", not jumps)
        heads = self.browser.eval(
            """[...document.querySelectorAll('table')].filter((table) => [...table.rows].some((row) =>
            [...row.cells].some((cell) => cell.tagName === 'TH' && !cell.scope))).length""")
        self.that(f"{name}: {heads} tables with headings of nothing", heads == 0)
        ahead = self.browser.eval("document.querySelectorAll('[tabindex]:not([tabindex=\"0\"]):not([tabindex=\"-1\"])').length")
        self.that(f"{name}: {ahead} stops of the keyboard out of the order of reading", ahead == 0)

    def stops(self, name, limit=80):
        """By keyboard one goes through a page in the order of reading, and out at its end or on."""
        self.browser.eval("(() => { document.activeElement?.blur(); scrollTo(0, 0); })()")
        places = []
        for _ in range(limit):
            self.browser.press("Tab", 9)
            place = self.browser.eval(
                """(() => { const e = document.activeElement;
                return e === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(e); })()""")
            if place < 0 or place in places:
                break
            places.append(place)
        self.that(f"{name}: one stop only", len(places) > 1)
        self.that(f"{name}: the keyboard goes back and forth: {places}", places == sorted(places))


def contrast(browser, selector):
    """The contrast of text to what is behind it (WCAG 2, 1.4.3)."""
    return browser.eval(
        f"""(() => {{
        const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => {{
          const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        }};
        let element = document.querySelector({selector!r});
        const text = light(rgb(getComputedStyle(element).color));
        let behind;
        for (; element && !behind; element = element.parentElement) {{
          const color = rgb(getComputedStyle(element).backgroundColor);
          if (color.length < 4 || color[3] > 0) behind = color;
        }}
        const back = light(behind ?? [255, 255, 255]);
        return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
        }})()""")


def faint(browser):
    """The classes of the text of drawings that has less than 4.5:1 to the paper."""
    return browser.eval(
        f"""(() => {{
        const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
        const light = (color) => {{
          const [x, y, z] = color.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        }};
        const paper = rgb(getComputedStyle(document.body).backgroundColor).slice(0, 3);
        const faint = new Set();
        for (const text of [...document.querySelectorAll('svg text')].filter({VISIBLE})) {{
          let opacity = 1;
          for (let e = text; e; e = e.parentElement) opacity *= getComputedStyle(e).opacity;
          const fill = rgb(getComputedStyle(text).fill).slice(0, 3)
            .map((v, i) => v * opacity + paper[i] * (1 - opacity));
          const [a, b] = [light(fill), light(paper)];
          if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) faint.add(text.getAttribute('class'));
        }}
        return [...faint];
        }})()""")


def look_at_all(checks, pages):
    """What holds of every page, however it is looked at."""
    browser = checks.browser
    looks = {"light": {}, "dark": {"dark": True}, "phone": {"width": 360, "height": 740},
             "projector": {"width": 1920, "height": 1080}, "laptop": {"width": 1280, "height": 800},
             "grey": {"deficiency": "achromatopsia"}, "print": {"media": "print", **PAPER}}
    for name, url in pages.items():
        for look, how in looks.items():
            browser.look(**how)
            browser.open(url)
            checks.quiet(f"{name}, {look}", lambda other: other == url)
            if look != "print":
                checks.fits(f"{name}, {look}")
                checks.legible(f"{name}, {look}")
                checks.balanced(f"{name}, {look}")
                checks.aligned(f"{name}, {look}")
            if look == "light":
                checks.readable(name)
                checks.stops(name)
            if look != "phone":
                checks.whole(f"{name}, {look}")
            if look in ("light", "dark"):
                pale = faint(browser)
                checks.that(f"{name}, {look}: text of drawings is faint: {pale}", not pale)
                for selector in ["p", ".place", "summary", "caption", "td", ".bits li.clear"]:
                    if browser.eval(f"!!document.querySelector({selector!r})"):
                        ratio = contrast(browser, selector)
                        checks.that(f"{name}, {look}: contrast of {selector} is {ratio:.1f}", ratio >= 4.5)
            if look == "print":
                # Six points of the 72 to an inch, of which there are 96 pixels.
                checks.legible(f"{name}, {look}", 8)
                hidden = browser.eval(
                    f"[...document.querySelectorAll('table.fields')].filter((e) => !{VISIBLE}(e)).length")
                checks.that(f"{name}: {hidden} tables of bits are not printed", hidden == 0)
                alone = browser.eval(
                    """[...document.querySelectorAll('.fault > p, .verdict')].filter((e) =>
                    getComputedStyle(e).breakAfter !== 'avoid').length + [...document.querySelectorAll('.way')]
                    .filter((e) => getComputedStyle(e.previousElementSibling).breakAfter !== 'avoid').length""")
                checks.that(f"{name}: a page may end between {alone} verdicts and their drawings", alone == 0)
            checks.picture(f"{name}-{look}")


def play(checks, url):
    """The player: by mouse, by keyboard, by itself."""
    browser = checks.browser
    browser.look()
    browser.open(url)

    def shown():
        return browser.eval(
            f"[...document.querySelectorAll('.moment')].filter({VISIBLE}).map((e) => e.id)")

    last = browser.eval("document.querySelectorAll('.moment').length")
    checks.that("player: begins with the first step only", shown() == ["step-1"])
    blank = browser.eval(
        f"""(() => {{ const now = [...document.querySelectorAll('.moment')].find({VISIBLE});
        const next = document.querySelector('#timeline ~ section') ?? document.querySelector('footer');
        return next.getBoundingClientRect().top - now.lastElementChild.getBoundingClientRect().bottom; }})()""")
    checks.that(f"player: {blank:.0f} pixels of nothing below a short step", blank < 120)
    # Scrolled so that the buttons stick to the top, they stay there whatever the steps take.
    browser.eval("document.documentElement.style.scrollBehavior = 'auto'")
    browser.eval("document.querySelector('[data-do=last]').click()")
    browser.eval("document.querySelector('.controls').scrollIntoView()")
    tops = []
    for _ in range(last):
        tops.append(browser.eval("Math.round(document.querySelector('.controls').getBoundingClientRect().top)"))
        browser.eval("document.querySelector('[data-do=back]').click()")
    checks.that(f"player: the buttons move from under the pointer: {tops}", len(set(tops)) == 1)
    browser.open(url)
    browser.click("[data-do=next]")
    browser.click("[data-do=next]")
    checks.that("player: two steps forward", shown() == ["step-3"])
    said = browser.eval("document.querySelector('[role=status].said').textContent")
    checks.that(f"player: the step is said: {said}", said.startswith("step 3 of "))
    hears = [words for role, words, _, _ in checks.tree() if role == "StaticText" and words.startswith("step 3 of ")]
    checks.that("player: a screen reader is told the step", hears)
    browser.click("[data-do=next]")
    browser.click("[data-do=next]")
    said = browser.eval("document.querySelector('[role=status].said').textContent")
    marked = browser.eval(
        f"[...document.querySelectorAll('.moment .bits .changed .name')].filter({VISIBLE}).map((e) => e.textContent)")
    checks.that(f"player: which bits changed is said: {said}",
                marked and "changed: " in said and all(bit in said for bit in marked))
    browser.click("[data-do=back]")
    browser.click("[data-do=back]")
    checks.that("player: the step is in the address", browser.eval("location.hash") == "#step-3")
    browser.click("[data-do=back]")
    checks.that("player: a step back", shown() == ["step-2"])
    browser.press("ArrowRight", 39)
    checks.that("player: the right arrow", shown() == ["step-3"])
    browser.click("[data-do=last]")
    checks.that("player: the last step", shown() == [f"step-{last}"])
    browser.press("Home", 36)
    checks.that("player: Home", shown() == ["step-1"])
    browser.eval("(() => { const r = document.querySelector('input[type=range]'); r.value = 5;"
                 " r.dispatchEvent(new Event('input')); })()")
    checks.that("player: the slider", shown() == ["step-5"])
    # Time is not waited for.
    browser.eval("window.realInterval = setInterval; window.setInterval = (f) => { window.tick = f; return 1; }")
    browser.click("[data-do=play]")
    browser.eval("tick()")
    checks.that("player: plays on", shown() == ["step-6"])
    browser.click("[data-do=play]")
    checks.that("player: pauses", "play" in browser.eval("document.querySelector('[data-do=play]').textContent"))
    checks.that("player: the address says where it was paused", browser.eval("location.hash") == "#step-6")
    browser.open(url + "#step-9")
    checks.that("player: a link to a step", shown() == ["step-9"])
    checks.quiet("player", lambda other: other.split("#")[0] == url)
    browser.look(media="print")
    checks.that("player: prints all steps", len(shown()) == last)


def zoom(checks, url):
    """The map: by mouse and by keyboard, down to a page."""
    browser = checks.browser
    browser.look()
    browser.open(url)
    text = "document.querySelector('.zoom').textContent"
    browser.click(".zoomable")
    checks.that("map: a click zooms", "each box is" in browser.eval(text))
    browser.click(".cellgrid button")
    checks.that("map: a click at a box names it", "frame" in browser.eval(text))
    first = browser.eval("document.querySelector('.zoom h3').textContent")
    browser.eval("document.querySelector('.zoomable').focus()")
    browser.press("ArrowRight", 39)
    browser.press("Enter", 13)
    checks.that(
        "map: arrow and Enter open the next band",
        browser.eval("document.querySelector('.zoom h3').textContent") != first)
    checks.picture("map-zoomed")
    checks.quiet("map", lambda other: other == url)


def kernel(checks, url):
    """What the kernel's bits are called, and the ways that were not taken."""
    browser = checks.browser
    browser.look()
    browser.open(url)
    titles = browser.eval("[...document.querySelectorAll('.bits li.own')].map((e) => e.title)")
    checks.that("kernel: its bits have its names", any(t.startswith("CopyOnWrite (9) = 1") for t in titles))
    grey = browser.eval("[...document.querySelectorAll('svg text.idle')].map((e) => e.textContent)")
    checks.that("kernel: other entries have other ways in grey", any("if CopyOnWrite were" in t for t in grey))


def without_scripts(checks, url):
    """Everything is there without scripts."""
    browser = checks.browser
    browser.look()
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(url)
    nodes = browser.call("DOM.getDocument", depth=-1, pierce=True)["root"]["nodeId"]
    found = browser.call("DOM.querySelectorAll", nodeId=nodes, selector=".moment")["nodeIds"]
    seen = 0
    for node in found:
        try:
            seen += bool(browser.call("DOM.getBoxModel", nodeId=node))
        except RuntimeError:
            pass
    checks.that(f"without scripts {seen} of {len(found)} steps are seen", found and seen == len(found))
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def explore(checks, mmubench):
    """The pages of `explore`: ask, follow, invert bits, take it back, end."""
    browser = checks.browser
    server = subprocess.Popen(
        [mmubench, "explore", ROOT / SCENARIOS["walk"]], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        url = server.stdout.readline().strip()

        def shows(text):
            return text in browser.eval("document.body.textContent")

        def follow(act):
            browser.events.clear()
            before = browser.eval("location.href")
            act()
            # A page that comes back from the browser's cache fires no event.
            for _ in range(400):
                try:
                    if browser.eval(f"location.href !== {before!r} && document.readyState === 'complete'"):
                        break
                except RuntimeError:
                    pass
                time.sleep(0.05)
            checks.quiet("explore", lambda other: other.startswith(url))

        browser.look()
        browser.open(url)
        checks.quiet("explore", lambda other: other.startswith(url))
        checks.readable("explore")
        checks.stops("explore")
        checks.fits("explore")
        checks.that("explore: styled", browser.eval("getComputedStyle(document.body).maxWidth") != "none")
        # The map leads to a page of the first band.
        browser.click(".zoomable")
        browser.click(".cellgrid button")
        follow(lambda: browser.click(".zoom a"))
        checks.that("explore: a page of the map leads to its walk", shows("Entry by entry"))
        # An address is typed, and an access asked about.
        browser.eval("document.querySelector('[name=va]').value = '0x18000000000'")
        browser.eval("document.querySelector('[name=access]').value = 'write'")
        browser.eval("document.querySelector('[name=as]').value = 'supervisor'")
        browser.eval("document.querySelector('[name=va]').focus()")
        follow(lambda: browser.press("Enter", 13))
        checks.that("explore: a write is refused", shows("page fault, error code 0x3"))
        checks.that("explore: the title says what came of it", "page fault" in browser.eval("document.title"))
        checks.readable("explore, a fault")
        checks.picture("explore-fault")
        # CR0.WP=0 lets it pass; back takes the change away.
        follow(lambda: browser.click("[aria-label='CR0.WP is 1: invert it']"))
        checks.that("explore: CR0.WP=0 lets it pass", shows("As you changed it") and shows("translated to 0x5000"))
        checks.picture("explore-changed")
        follow(lambda: browser.eval("history.back()"))
        checks.that("explore: back takes it away", not shows("As you changed it"))
        # RW of the PDE lets it pass as well: the third strip, the bit that is named RW.
        follow(lambda: browser.eval(
            "[...document.querySelectorAll('.steps .bits')][2].querySelector('li[title^=\"RW \"] a').click()"))
        checks.that("explore: RW=1 in the PDE lets it pass", shows("translated to 0x5000"))
        follow(lambda: browser.eval("[...document.querySelectorAll('a')].find((a) => a.textContent === 'undo all').click()"))
        checks.that("explore: undo all", shows("page fault, error code 0x3"))
        follow(lambda: browser.eval("[...document.querySelectorAll('a')].find((a) => a.textContent.startsWith('who else')).click()"))
        checks.that("explore: owners of the frame", shows("Who maps 0x5000"))
        browser.look(width=360, height=740)
        checks.fits("explore, phone")
        browser.look()
        refusals(checks, url)
        # By keyboard the first stop leads past all bits.
        browser.open(url)
        browser.press("Tab", 9)
        checks.that("explore: the first stop is the way past the bits",
                    browser.eval("document.activeElement.getAttribute('href')") == "#main")
    finally:
        server.send_signal(signal.SIGINT)
        checks.that("explore: ends on SIGINT", server.wait(timeout=30) == 0)


def refusals(checks, url):
    """What cannot be read is said where a screen reader reads it out, and at the field."""
    browser = checks.browser
    browser.open(url + "?va=0x40zz&access=walk&as=user")
    tree = checks.tree()
    start = next((place for place, node in enumerate(tree) if node[0] == "alert"), None)
    checks.that("explore: an alert", start is not None)
    heard = " ".join(node[1] for node in tree[start or 0:(start or 0) + 5])
    checks.that(f"explore: the alert says what is wrong: {heard}", "va: `0x40zz` is not a number" in heard)
    field = next((node for node in tree if node[0] == "textbox" and node[1] == "virtual address"), None)
    checks.that(f"explore: the field says why it is wrong: {field}", field and "is not a number" in field[2])
    checks.that("explore: what was typed is there", browser.eval("document.querySelector('[name=va]').value") == "0x40zz")
    checks.readable("explore, refused")
    browser.open(url + "?pa=zz")
    checks.that("explore: a parameter of another page is refused", "not answered" in browser.eval("document.title"))


def dump_on_a_phone(checks, mmubench, folder):
    """A dump has a long path, and long words about its roots: neither makes a page wider than a phone."""
    place = folder / ("a_folder_of_a_name_that_no_phone_shows_in_one_line/" * 2)
    place.mkdir(parents=True)
    dump = place / "linux-tasks-pti.elf.xz"
    shutil.copy(ROOT / "Scenarios/dumps/linux-tasks-pti.elf.xz", dump)
    page = folder / "dump-on-a-phone.html"
    subprocess.run([mmubench, "report", dump, "--output", page], check=True)
    server = subprocess.Popen(
        [mmubench, "explore", dump], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        checks.browser.look(width=360, height=740)
        for name, url in [("report", page.as_uri()), ("explore", server.stdout.readline().strip())]:
            checks.browser.open(url)
            checks.fits(f"{name} of a dump, phone")
            checks.picture(f"dump-{name}-phone")
    finally:
        checks.browser.look()
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("mmubench")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR")
    arguments = parser.parse_args()
    if not program():
        print("browser: skipped: no Chromium; apt-get install chromium", file=sys.stderr)
        return 77
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mmubench-pages-") as folder, Chromium() as browser:
        checks = Checks(browser, arguments.keep)
        pages = {}
        for name, scenario in SCENARIOS.items():
            file = pathlib.Path(folder) / f"{name}.html"
            subprocess.run(
                [arguments.mmubench, "report", ROOT / scenario, "--output", file], check=True)
            pages[name] = file.as_uri()
        for part, *given in [
                (look_at_all, pages), (play, pages["timeline"]), (zoom, pages["dump"]),
                (without_scripts, pages["timeline"]), (kernel, pages["fault"]),
                (explore, arguments.mmubench),
                (dump_on_a_phone, arguments.mmubench, pathlib.Path(folder))]:
            # What cannot be gone on with is a failure of its part: the others are looked at all the same.
            try:
                part(checks, *given)
            except (RuntimeError, TimeoutError) as error:
                checks.that(f"{part.__name__}: {error}", False)
    print(f"browser: {checks.count} checks, {len(checks.problems)} failed")
    return 1 if checks.problems else 0


if __name__ == "__main__":
    sys.exit(main())
