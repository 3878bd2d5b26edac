"""Chromium without a window, spoken to by its DevTools protocol over a pair of pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome"]


def program():
    """The path of the browser; None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


# The middle of an element. A page may still be on its way, or moving: a click would go elsewhere.
PLACE = """(async () => {
  const selector = %s;
  let before = "";
  for (let tries = 0; tries < 200; tries++) {
    const e = document.querySelector(selector);
    if (e) {
      e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
      const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
      const hit = document.elementFromPoint(x, y), now = `${x} ${y}`;
      if (now === before && hit && (e.contains(hit) || hit.contains(e))) return [x, y];
      before = now;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`nothing to click at ${selector}`);
})()"""


class Chromium:
    """A browser with one page."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="mmubench-browser-", ignore_cleanup_errors=True)
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()

        def place():
            # The browser reads commands from descriptor 3 and writes answers to 4.
            high = [os.dup2(to_read, 30), os.dup2(to_write, 31)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [program(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--no-default-browser-check", "--hide-scrollbars",
             f"--user-data-dir={self.folder.name}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call(
            "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility", "DOM"]:
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def _message(self, deadline):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.to_read], [], [], max(0, deadline - time.time()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.to_read, 1 << 20)
            if not piece:
                raise ConnectionError("the browser has gone")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        """Calls a method of the protocol; what happens meanwhile is kept in `events`."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to_write, json.dumps(command).encode() + b"\0")
        deadline = time.time() + 120
        while True:
            message = self._message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def wait(self, method, seconds=120):
        """Waits until an event has happened."""
        deadline = time.time() + seconds
        while not any(event["method"] == method for event in self.events):
            message = self._message(deadline)
            if "method" in message:
                self.events.append(message)

    def open(self, url):
        """Opens a page afresh and waits until it is there; what happened before is forgotten."""
        # From a place on a page to another place on it nothing would be loaded.
        for target in ["about:blank", url]:
            self.events.clear()
            self.call("Page.navigate", url=target)
            self.wait("Page.loadEventFired")

    def eval(self, script):
        """The value of an expression of JavaScript in the page."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True,
            userGesture=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def click(self, selector):
        """Clicks with the mouse at the middle of an element, once it is there and rests where it is."""
        x, y = self.eval(PLACE % json.dumps(selector))
        for kind in ["mousePressed", "mouseReleased"]:
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code=0):
        """Presses a key."""
        for kind in ["keyDown", "keyUp"]:
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, **text)

    def look(self, width=1280, height=900, dark=False, media="", deficiency="none"):
        """Says on what the page is looked at."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setEmulatedVisionDeficiency", type=deficiency)

    def picture(self, path, clip=None):
        """Writes what is seen, or a part (x, y, width, height) of the page, as PNG."""
        more = {}
        if clip:
            more["clip"] = dict(zip(["x", "y", "width", "height"], clip), scale=1)
            more["captureBeyondViewport"] = True
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """The errors of scripts and policies, and what was asked of the network."""
        found = []
        for event in self.events:
            details = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(f"exception: {details['exceptionDetails']}")
            if event["method"] == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning"):
                found.append(f"console: {details['args']}")
            if event["method"] == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
                found.append(f"log: {details['entry']['text']}")
        return found

    def requests(self):
        """The addresses that the page asked for."""
        return [event["params"]["request"]["url"] for event in self.events
                if event["method"] == "Network.requestWillBeSent"]
